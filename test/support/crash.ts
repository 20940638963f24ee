import type { Boundary } from './fake-store.ts';

/** Stops a process at one of its effects, as SIGKILL does: nothing of it runs on. */
export interface CrashPoint {
  boundary: Boundary;
  /** Where it happened; null: it has not. */
  crashedAt: () => string | null;
  /** How many boundaries were passed. */
  passed: () => number;
}

export function crashAt(index: number): CrashPoint {
  let passed = 0;
  let crashedAt: string | null = null;
  return {
    boundary(effect, phase) {
      // A dead process does nothing: whatever waits for this waits for ever.
      if (crashedAt !== null) return new Promise(() => undefined);
      passed += 1;
      if (passed !== index) return Promise.resolve();
      crashedAt = `${phase} ${effect}`;
      return new Promise(() => undefined);
    },
    crashedAt: () => crashedAt,
    passed: () => passed,
  };
}
