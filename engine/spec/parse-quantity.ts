import { EngineError } from '../engine-error.ts';

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a Kubernetes quantity: `64Mi` is 67108864, `500m` is 0.5, `1e3` is 1000. */
export function parseQuantity(text: string): number {
  const match = /^\+?(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE])?)$/.exec(text);
  const factor = FACTORS[match?.[3] ?? ''];
  if (match === null || factor === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `parse quantity: expected one such as 64Mi or 500m, found \`${text}\``,
    );
  }
  return Number(`${match[1] ?? '0'}${match[2] ?? ''}`) * factor;
}
