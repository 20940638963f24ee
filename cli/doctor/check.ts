/** `ok`: as it should be; `warn`: something that tsctr can do does not work here; `fail`: tsctr does not work here. */
export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One thing that `tsctr doctor` looked at. */
export interface Check {
  name: string;
  status: CheckStatus;
  /** What is there. */
  found: string;
  /** What to do about it; null when there is nothing to do. */
  advice: string | null;
}

export function ok(name: string, found: string): Check {
  return { name, status: 'ok', found, advice: null };
}

export function warn(name: string, found: string, advice: string): Check {
  return { name, status: 'warn', found, advice };
}

export function fail(name: string, found: string, advice: string): Check {
  return { name, status: 'fail', found, advice };
}

/** True when the dotted version `found` is at least `wanted`: `isAtLeast('5.10.1', '5.6')`. */
export function isAtLeast(found: string, wanted: string): boolean {
  const a = numbers(found);
  const b = numbers(wanted);
  for (let i = 0; i < b.length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}
