import { isDeepStrictEqual } from 'node:util';
import type { WatchEvent } from '../api/service.ts';
import { viewCheckpoints } from './checkpoint-views.ts';
import { DirectoryBell } from './directory-bell.ts';
import { viewResources } from './resource-views.ts';
import type { ViewSource } from './resource-views.ts';

/** Changes that follow each other within this time are shown as one, milliseconds. */
const QUIET_MS = 20;

/**
 * Tells all that is there, and then every change, until the signal is given. What others write is noticed by inotify(7) on the
 * records, and processes that end by their exit files.
 */
export async function followChanges(
  source: ViewSource,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = new Map<string, Present>();
  const look = async (): Promise<void> => {
    const present = await readAll(source);
    for (const [key, now] of present) {
      const before = known.get(key);
      if (before === undefined || !isDeepStrictEqual(before, now)) onEvent({ ...now, gone: false });
    }
    for (const [key, before] of known) if (!present.has(key)) onEvent({ ...before, gone: true });
    known = present;
  };

  const { paths } = await source.reader();
  const { records, exits } = paths;
  const bell = new DirectoryBell([
    `${records}/containers`,
    `${records}/pods`,
    `${records}/checkpoints`,
    exits,
  ]);
  const notice = (): void => {
    bell.ring();
  };
  signal.addEventListener('abort', notice, { once: true });
  try {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const rung = bell.next();
      await look();
      if (isFirst) onEvent({ what: 'listed' });
      await rung;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  } finally {
    signal.removeEventListener('abort', notice);
    bell.close();
  }
}

/** Something that is there, without what became of it since. */
type Present = Without<Exclude<WatchEvent, { what: 'listed' }>, 'gone'>;
/** `Omit` for each member of a union by itself. */
type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

async function readAll(source: ViewSource): Promise<Map<string, Present>> {
  const { views, instance } = await viewResources(source);
  return new Map<string, Present>([
    ...views.map((view): [string, Present] => [
      `${view.resource.kind} ${view.resource.name}`,
      { what: 'resource', view },
    ]),
    ...viewCheckpoints(instance).map((view): [string, Present] => [
      `Checkpoint ${view.record.name}`,
      { what: 'checkpoint', view },
    ]),
  ]);
}
