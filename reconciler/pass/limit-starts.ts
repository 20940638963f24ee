import type { StepRunner } from './step-runner.ts';

/**
 * At most so many containers are created or started at the same time: each costs processes and memory for a moment. Stops and
 * pulls, which mostly wait, are not held back, and hold nobody back.
 */
export function limitStarts(runner: StepRunner, atOnce: number): StepRunner {
  let free = atOnce;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  }

  return {
    ...runner,
    create: (step, options) => inTurn(() => runner.create(step, options)),
    start: (step, options) => inTurn(() => runner.start(step, options)),
    restore: (step, options) => inTurn(() => runner.restore(step, options)),
  };
}
