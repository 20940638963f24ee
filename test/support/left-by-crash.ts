import { additions, takeInstanceSnapshot } from './host-snapshot.ts';
import type { HostSnapshot, InstancePlace } from './host-snapshot.ts';
import { until } from './until.ts';

/**
 * What an instance has while its containers run and nothing is under way. Without what differs from one moment to the next: process ids,
 * inodes of namespaces, a `sleep` of a script, checkpoints, of which a record tells; and without the lock of those who try again, which
 * is made by the first that has to.
 */
export async function takeQuietSnapshot(place: InstancePlace): Promise<HostSnapshot> {
  const snapshot = await takeInstanceSnapshot(place);
  return {
    ...snapshot,
    namespaces: [],
    processes: snapshot.processes
      .map((process) => process.replace(/^\d+ (\S+).*$/s, '$1'))
      .filter((name) => name !== 'sleep'),
    files: snapshot.files.filter((file) => !/\/checkpoints(\/|$)|\/retries\.lock$/.test(file)),
  };
}

/** What has come since `before`, in words: looked at again until nothing has, as what a killed one began ends by itself. */
export async function leftByCrash(before: HostSnapshot, place: InstancePlace): Promise<string[]> {
  let left: string[] = [];
  const isGone = async (): Promise<boolean> => {
    left = additions(before, await takeQuietSnapshot(place));
    return left.length === 0;
  };
  await until(isGone, { what: 'nothing is left', timeoutMs: 3000 }).catch(() => undefined);
  return left;
}
