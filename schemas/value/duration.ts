import { ValueError } from './value-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's largest duration, 2^63 - 1 nanoseconds: about 292 years. */
const MAX_MS = 9_223_372_036_854;

/**
 * Milliseconds of a duration in Go's notation, which Kubernetes uses: `1h30m`, `1.5s`, `300ms`, `0`. No sign: nothing here lasts
 * less than no time. Throws ValueError. https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): number {
  const fail = () => new ValueError('BAD_DURATION', text, 'expected a duration such as 1h30m, 10s or 300ms');
  if (text === '0') return 0;
  if (!/^((\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(text) || text.length > 100)
    throw fail();
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g))
    ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  if (ms > MAX_MS) throw fail();
  return ms;
}

/** A duration in Go's notation, in whole milliseconds: `1h30m0s` is written `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest === 0) return '0s';
  const parts: string[] = [];
  for (const unit of ['h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${String(count)}${unit}`);
    rest -= count * size;
  }
  return parts.join('');
}
