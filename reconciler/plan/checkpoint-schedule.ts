import { parseDuration, type ContainerRecord, type ContainerSpec } from '../../schemas/index.ts';

/**
 * Milliseconds until a running container is to be saved again, by its interval; 0: now. Null: never. The interval counts from the
 * last try, so that one that failed is not tried again at once.
 */
export function nextCheckpointInMs(record: ContainerRecord, spec: ContainerSpec, now: number): number | null {
  const interval = spec.checkpoint?.interval;
  if (interval === undefined || record.startedAt === null) return null;
  const times = [record.startedAt, record.checkpointTriedAt, record.checkpoint?.createdAt ?? null];
  const last = Math.max(...times.map((time) => (time === null ? 0 : Date.parse(time))));
  return Math.max(0, last + Math.max(SHORTEST_MS, parseDuration(interval)) - now);
}

/** A shorter interval would leave a container no time to do anything else. */
const SHORTEST_MS = 1000;
