import { EngineError } from '../engine-error.ts';
import type { PullOptions, PullProgress } from '../contract/image-engine.ts';

/** Work that several may ask for while it goes on: it is done once, and given up only when all have given up. */
export interface SharedJobs<T> {
  run(key: string, options: PullOptions, work: (options: Required<PullOptions>) => Promise<T>): Promise<T>;
}

interface Job<T> {
  result: Promise<T>;
  controller: AbortController;
  watchers: Set<(progress: PullProgress) => void>;
  waiting: number;
}

export function createSharedJobs<T>(): SharedJobs<T> {
  const jobs = new Map<string, Job<T>>();

  function start(key: string, work: (options: Required<PullOptions>) => Promise<T>): Job<T> {
    const controller = new AbortController();
    const watchers: Job<T>['watchers'] = new Set();
    const onProgress = (progress: PullProgress): void => {
      for (const watch of watchers) watch(progress);
    };
    const result = work({ signal: controller.signal, onProgress }).finally(() => {
      if (jobs.get(key) === job) jobs.delete(key);
    });
    const job: Job<T> = { result, controller, watchers, waiting: 0 };
    // Each who waits gets the error; when all have left, nobody is to be told.
    result.catch(() => undefined);
    jobs.set(key, job);
    return job;
  }

  return {
    async run(key, { signal, onProgress }, work) {
      if (signal?.aborted === true) throw aborted(key, signal);
      const job = jobs.get(key) ?? start(key, work);
      job.waiting++;
      if (onProgress !== undefined) job.watchers.add(onProgress);
      let onAbort = (): void => undefined;
      const leave = new Promise<never>((_, reject) => {
        onAbort = (): void => {
          reject(aborted(key, signal));
        };
      });
      signal?.addEventListener('abort', onAbort);
      try {
        return await Promise.race([job.result, leave]);
      } finally {
        signal?.removeEventListener('abort', onAbort);
        job.waiting--;
        if (onProgress !== undefined) job.watchers.delete(onProgress);
        if (job.waiting === 0) {
          // Whoever asks from now on must not be handed work that is being given up.
          if (jobs.get(key) === job) jobs.delete(key);
          job.controller.abort();
        }
      }
    },
  };
}

function aborted(key: string, signal?: AbortSignal): EngineError {
  return new EngineError('ABORTED', `prepare image ${key}: given up`, { cause: signal?.reason });
}
