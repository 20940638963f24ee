import { ValueError } from './value-error.ts';

/** What a Kubernetes quantity looks like: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export const QUANTITY_PATTERN =
  /^[+]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,2})?$/;

const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** Bytes (or any whole units) of a quantity, exact; fractions are rounded up, as Kubernetes does. Throws ValueError. */
export function parseBytes(text: string): bigint {
  return parseScaled(text, 0);
}

/** Thousandths of a quantity: 500m is 500, 2 is 2000. Finer fractions are rounded up. Throws ValueError. */
export function parseMilli(text: string): bigint {
  return parseScaled(text, 3);
}

/** The shortest quantity that says exactly so many bytes: `64Mi`, `1500`. */
export function formatBytes(bytes: bigint | number): string {
  const whole = BigInt(bytes);
  if (whole === 0n) return '0';
  const units = Object.entries(BINARY).reverse();
  const unit = units.find(([, size]) => whole % size === 0n);
  return unit === undefined ? String(whole) : `${String(whole / unit[1])}${unit[0]}`;
}

/** The quantity times ten to the power of `extraExponent`, rounded up. */
function parseScaled(text: string, extraExponent: number): bigint {
  const match = QUANTITY_PATTERN.exec(text);
  if (match === null) throw new ValueError('BAD_QUANTITY', text, 'expected a quantity such as 64Mi or 500m');
  const [whole = '', fraction = ''] = (match[1] ?? '').split('.');
  const suffix = match[3] ?? '';
  const factor = BINARY[suffix] ?? 1n;
  const decimal = /^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL_EXPONENT[suffix] ?? 0);
  const exponent = decimal + extraExponent - fraction.length;
  const digits = BigInt(`0${whole}${fraction}`) * factor;
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}
