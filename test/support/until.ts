import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 10;

export interface UntilOptions {
  /** In words, for the error: `container/web is running`. */
  what: string;
  /** Default: 30,000. */
  timeoutMs?: number;
}

/**
 * Waits for something that no event tells of, and returns what `look` then gave: looks every 10 ms until that is neither null
 * nor false. Throws with `what`, and with the last error of `look`, when the time is over.
 */
export async function until<Value>(
  look: () => Promise<Value | null | false> | Value | null | false,
  { what, timeoutMs = 30_000 }: UntilOptions,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let lastError: unknown;
    try {
      const value = await look();
      if (value !== null && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: lastError });
    }
    await sleep(STEP_MS);
  }
}
