import { watch } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceView } from '../api/service.ts';
import type { Instance } from './instance.ts';
import { viewResources } from './resource-views.ts';
import type { ProblemsIn } from './resource-views.ts';

/** Changes that follow each other within this time are shown as one, milliseconds. */
const QUIET_MS = 20;

/**
 * Tells every resource, and then every change of one, until the signal is given. What others write is noticed by inotify(7) on
 * the records, and processes that end by their exit files.
 */
export async function followChanges(
  source: { reader(): Promise<Instance>; problemsIn: ProblemsIn },
  onChange: (view: ResourceView, gone: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const known = new Map<string, ResourceView>();
  const look = async (): Promise<void> => {
    const views = await viewResources(await source.reader(), source.problemsIn);
    const present = new Set<string>();
    for (const view of views) {
      const key = `${view.resource.kind}/${view.resource.name}`;
      present.add(key);
      const before = known.get(key);
      known.set(key, view);
      if (before === undefined || !isDeepStrictEqual(before, view)) onChange(view, false);
    }
    for (const [key, view] of known) {
      if (present.has(key)) continue;
      known.delete(key);
      onChange(view, true);
    }
  };

  const { paths } = await source.reader();
  const bell = new Bell();
  const notice = (): void => {
    bell.ring();
  };
  const directories = [`${paths.records}/containers`, `${paths.records}/pods`, paths.exits];
  const watchers = directories.flatMap((directory) => watchIfThere(directory, notice));
  signal.addEventListener('abort', notice, { once: true });
  try {
    while (!signal.aborted) {
      const rung = bell.next();
      await look();
      await rung;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

function watchIfThere(directory: string, onEvent: () => void): { close(): void }[] {
  try {
    return [watch(directory, onEvent)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Lets one wait for the next ring; a ring while nobody waits is not lost to who has asked before. */
class Bell {
  #resolve: () => void = () => undefined;

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  ring(): void {
    this.#resolve();
  }
}
