import { open } from 'node:fs/promises';
import type { ResourceEvent, ResourceName } from '../../reconciler/index.ts';
import { EventLines } from './event-lines.ts';
import type { EventLogPaths } from './event-log-paths.ts';

/** The events that are kept, oldest first, and how many bytes of the current file they take. None is no error. */
export async function readEvents({
  current,
  previous,
}: EventLogPaths): Promise<{ events: ResourceEvent[]; offset: number }> {
  const before = await readFrom(previous, 0);
  const now = await readFrom(current, 0);
  return { events: [...before.events, ...now.events], offset: now.offset };
}

/** No more than this of the end of the log is looked through for the last events. */
const RECENT_BYTES = 256 * 1024;

/** The last events of all, oldest first. */
export async function recentEvents({ current, previous }: EventLogPaths): Promise<ResourceEvent[]> {
  const now = await readFrom(current, -RECENT_BYTES);
  const before = now.offset < RECENT_BYTES ? await readFrom(previous, now.offset - RECENT_BYTES) : null;
  return [...(before?.events ?? []), ...now.events];
}

/** The last ones of a resource since that time (ISO 8601) and, of a pod, of its members. */
export function lastOf(
  events: readonly ResourceEvent[],
  { resource, since, count }: { resource: ResourceName; since: string; count: number },
): ResourceEvent[] {
  return events.filter((event) => concerns(event, resource) && event.time >= since).slice(-count);
}

/** Whether it happened to the resource, or to a member of that pod. A bare name is that of either kind. */
export function concerns(
  { resource }: ResourceEvent,
  { kind, name }: { kind: ResourceName['kind'] | null; name: string },
): boolean {
  if (resource.name === name) return kind === null || resource.kind === kind;
  return kind !== 'Container' && resource.name.startsWith(`${name}.`);
}

/** From there on; a negative place counts from the end. */
async function readFrom(file: string, place: number): Promise<{ events: ResourceEvent[]; offset: number }> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return { events: [], offset: 0 };
  try {
    const { size } = await handle.stat();
    const start = place < 0 ? Math.max(0, size + place) : place;
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    const bytes = buffer.subarray(0, bytesRead);
    return { events: new EventLines().feed(bytes), offset: start + bytes.lastIndexOf('\n') + 1 };
  } finally {
    await handle.close();
  }
}
