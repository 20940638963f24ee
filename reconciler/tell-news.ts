import type { Progress } from './progress.ts';
import { keyOf, type ResourceKey, type ResourceName } from './resource-key.ts';

/** Passes on to whoever waits for resources what is news to people. */
export interface NewsTeller {
  tell(progress: Progress): void;
  /** To be called at the end, with the resources to which nothing was done and that are as they should be. */
  tellUnchanged(resources: readonly ResourceName[]): void;
}

type Said = Partial<Record<Progress['what'], string>>;

/**
 * A resource is looked at many times until it is as wished, and each pass tells how it ended. People want to hear a thing
 * once: not that the same is still waited for, that the same has failed again, or that what was just started is unchanged.
 */
export function createNewsTeller(onProgress: (progress: Progress) => void): NewsTeller {
  const saidOf = new Map<ResourceKey, Said>();
  const restOf = new Map<ResourceKey, string>();
  return {
    tell(progress) {
      const { resource, what, detail } = progress;
      const key = keyOf(resource);
      const said = saidOf.get(key) ?? {};
      if (what === 'unchanged' || (what === 'completed' && !wasStarted(said))) {
        restOf.set(key, what === 'completed' ? `completed, ${detail}` : detail);
        return;
      }
      const text = gist(detail);
      if (what !== 'progress' && said[what] === text) return;
      // After something was done, the same trouble is news again.
      saidOf.set(key, { ...(isAction(what) ? {} : said), [what]: text });
      onProgress(withoutRepetition(progress, said.failed));
    },
    tellUnchanged(resources) {
      for (const resource of resources) {
        onProgress({ resource, what: 'unchanged', detail: restOf.get(keyOf(resource)) ?? '' });
      }
    },
  };
}

function wasStarted(said: Said): boolean {
  return said.running !== undefined || said.restarted !== undefined;
}

function isAction(what: Progress['what']): boolean {
  return what === 'created' || what === 'running' || what === 'restarted' || what === 'stopped';
}

/** `next try in 9 s` says nothing new after `next try in 10 s`, nor does a failure without the lines of a log below it. */
function gist(detail: string): string {
  const [first = ''] = detail.split('\n', 1);
  return first.replaceAll(/\d+ (ms|s)\b/g, '');
}

/** Why it failed stands on a line before: `back-off, next try in 10 s` says the rest. */
function withoutRepetition(progress: Progress, failure: string | undefined): Progress {
  const match = /^(.*?) \((.*)\)$/s.exec(progress.detail);
  if (progress.what !== 'waiting' || match === null) return progress;
  const [, head = '', cause = ''] = match;
  return gist(cause) === failure ? { ...progress, detail: head } : progress;
}
