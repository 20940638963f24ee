import type { ContainerSpec } from '../../schemas/index.ts';

/** When a container that ended, or could not be started, is tried again. Milliseconds. */
export interface Backoff {
  initialMs: number;
  maxMs: number;
  /** A run that lasted so long starts the count anew. */
  resetAfterMs: number;
  /** Tries in a row before giving up; null: never. */
  maxRetries: number | null;
}

const DEFAULT: Backoff = { initialMs: 10_000, maxMs: 300_000, resetAfterMs: 600_000, maxRetries: null };

export function backoffOf(spec: ContainerSpec): Backoff {
  const own = spec.restartBackoff;
  if (own === undefined) return DEFAULT;
  return {
    initialMs: own.initialSeconds * 1000,
    maxMs: own.maxSeconds * 1000,
    resetAfterMs: own.resetAfterSeconds * 1000,
    maxRetries: own.maxRetries ?? null,
  };
}

/**
 * How long to wait after the `failures`-th failure in a row of running: not at all after the first, then the initial delay,
 * doubled each time, as the kubelet does.
 */
export function delayAfterExitMs(backoff: Backoff, failures: number): number {
  return failures <= 1 ? 0 : doubled(backoff, failures - 2);
}

/** How long to wait after the `failures`-th failure in a row to get it running at all: an immediate retry would only fail again. */
export function delayAfterErrorMs(backoff: Backoff, failures: number): number {
  return doubled(backoff, Math.max(0, failures - 1));
}

/** Failures in a row once a run of `ranMs` milliseconds has ended. */
export function countFailure(backoff: Backoff, before: number, ranMs: number): number {
  return ranMs >= backoff.resetAfterMs ? 1 : before + 1;
}

function doubled(backoff: Backoff, times: number): number {
  return Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(times, 30));
}
