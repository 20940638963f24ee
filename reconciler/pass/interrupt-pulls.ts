import type { StepRunner } from './step-runner.ts';

/** A pull ended because what it was for is no longer wanted in that way. */
export class PullInterruptedError extends Error {
  override readonly name = 'PullInterruptedError';
  readonly code = 'PULL_INTERRUPTED';

  constructor(container: string) {
    super(`pull image for container/${container}: something else is wanted by now`);
  }
}

/** A pull may take minutes: a new wish for its container must not have to wait for it. */
export function interruptPulls(runner: StepRunner): {
  runner: StepRunner;
  interrupt: (container: string) => void;
} {
  const pulls = new Map<string, AbortController>();
  return {
    interrupt: (container) => pulls.get(container)?.abort(new PullInterruptedError(container)),
    runner: {
      ...runner,
      async pullImage(step, options) {
        const own = new AbortController();
        pulls.set(step.container, own);
        const signal =
          options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal]);
        try {
          return await runner.pullImage(step, { ...options, signal });
        } catch (error) {
          throw own.signal.aborted ? (own.signal.reason as Error) : error;
        } finally {
          pulls.delete(step.container);
        }
      },
    },
  };
}
