import type { Progress } from './progress.ts';
import { keyOf, type ResourceKey, type ResourceName } from './resource-key.ts';

/** Passes what is news on to whoever waits for resources, and says at the end what has stayed as it was. */
export interface NewsTeller {
  tell(progress: Progress): void;
  /** To be called once, with what was waited for and how each of it is: what nothing was said of is told as unchanged. */
  end(untouched: readonly { resource: ResourceName; detail: string }[]): void;
}

/**
 * A resource is looked at many times until it is as wished, and each pass tells how it ended. People want to hear a thing
 * once: not that the same is still waited for, that the same failed again, or that what was just started is unchanged.
 */
export function createNewsTeller(onProgress: (progress: Progress) => void): NewsTeller {
  const last = new Map<ResourceKey, Partial<Record<Progress['what'], string>>>();

  function isNews({ resource, what, detail }: Progress): boolean {
    const key = keyOf(resource);
    const said = last.get(key) ?? {};
    last.set(key, said);
    if (what === 'progress') return true;
    // A job that had run before: nothing has happened now.
    if (what === 'completed' && said.running === undefined && said.restarted === undefined) return false;
    const text = withoutTimes(detail);
    if (said[what] === text) return false;
    if (isAction(what)) last.set(key, {});
    last.set(key, { ...last.get(key), [what]: text });
    return true;
  }

  return {
    tell(progress) {
      if (progress.what === 'unchanged') return;
      const before = last.get(keyOf(progress.resource))?.failed;
      if (isNews(progress)) onProgress(withoutRepetition(progress, before));
    },
    end(untouched) {
      for (const { resource, detail } of untouched) onProgress({ resource, what: 'unchanged', detail });
    },
  };
}

/** After something was done, the same trouble is news again. */
function isAction(what: Progress['what']): boolean {
  return what === 'created' || what === 'running' || what === 'restarted' || what === 'stopped';
}

/** `next try in 9 s` says nothing new after `next try in 10 s`. */
function withoutTimes(detail: string): string {
  return detail.replaceAll(/\d+ (ms|s)\b/g, '');
}

/** Why it failed stands on the line before. */
function withoutRepetition(progress: Progress, failure: string | undefined): Progress {
  const match = /^(.*) \((.*)\)$/s.exec(progress.detail);
  if (progress.what !== 'waiting' || match === null || failure === undefined) return progress;
  const [, head = '', cause = ''] = match;
  return withoutTimes(cause) === failure ? { ...progress, detail: head } : progress;
}
