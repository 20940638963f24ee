/** A checkpoint on disk, as far as keeping it goes. */
export interface KeptCheckpoint {
  id: string;
  /** The higher, the newer. Default: by time. */
  order?: number;
  /** Since the epoch. */
  createdAtMs: number;
  /** Of its own, without those that it builds on. */
  bytes: number;
  /** The checkpoint that it builds on: without that it is worth nothing. */
  parent: string | null;
  /** A person wants it to stay. */
  pinned: boolean;
  /** A pre-dump is none: it is there for those that build on it. */
  complete: boolean;
}

/** Each limit that is given must hold; without any everything is kept. */
export interface RetentionPolicy {
  /** Complete ones, the newest. */
  keep?: number;
  maxAgeMs?: number;
  maxBytes?: number;
}

export type KeepReason = 'pinned' | 'newest' | 'within limits' | 'parent of a kept one';
export type RemoveReason = 'count' | 'age' | 'bytes' | 'unused part';

export interface RetentionPlan {
  keep: readonly { id: string; reason: KeepReason }[];
  /** In the order in which they are to be removed: none before those that build on it. */
  remove: readonly { id: string; reason: RemoveReason }[];
}

/**
 * Which checkpoints of one container stay. The newest complete one always does, and so does what a kept one builds on. Pure:
 * `nowMs` is the time to judge by.
 */
export function planRetention(
  checkpoints: readonly KeptCheckpoint[],
  policy: RetentionPolicy,
  nowMs: number,
): RetentionPlan {
  const byId = new Map(checkpoints.map((checkpoint) => [checkpoint.id, checkpoint]));
  const newestFirst = [...checkpoints].sort(byAge);
  const keep = new Map<string, KeepReason>();
  const remove = new Map<string, RemoveReason>();
  const size = { bytes: 0, count: 0 };

  const take = (checkpoint: KeptCheckpoint, reason: KeepReason): void => {
    for (const part of chainOf(checkpoint, byId)) {
      if (!keep.has(part.id)) size.bytes += part.bytes;
      const why = part === checkpoint ? reason : 'parent of a kept one';
      if (keep.get(part.id) === undefined || part === checkpoint) keep.set(part.id, why);
    }
    size.count++;
  };
  for (const checkpoint of newestFirst) if (checkpoint.pinned) take(checkpoint, 'pinned');
  const complete = newestFirst.filter((checkpoint) => checkpoint.complete && !checkpoint.pinned);
  const [newest] = newestFirst.filter((checkpoint) => checkpoint.complete);
  for (const checkpoint of complete) {
    const reason = checkpoint === newest ? null : reasonToRemove(checkpoint);
    if (reason === null) take(checkpoint, checkpoint === newest ? 'newest' : 'within limits');
    else remove.set(checkpoint.id, reason);
  }

  function reasonToRemove(checkpoint: KeptCheckpoint): RemoveReason | null {
    const { keep: count, maxAgeMs, maxBytes } = policy;
    if (count !== undefined && size.count >= count) return 'count';
    if (maxAgeMs !== undefined && nowMs - checkpoint.createdAtMs > maxAgeMs) return 'age';
    const more = chainOf(checkpoint, byId).filter((part) => !keep.has(part.id));
    const bytes = more.reduce((sum, part) => sum + part.bytes, size.bytes);
    return maxBytes !== undefined && bytes > maxBytes ? 'bytes' : null;
  }

  for (const { id } of newestFirst) if (!keep.has(id) && !remove.has(id)) remove.set(id, 'unused part');
  return {
    keep: newestFirst.flatMap(({ id }) => toEntry(id, keep)),
    remove: childrenFirst(
      newestFirst.filter(({ id }) => !keep.has(id)),
      byId,
    ).flatMap(({ id }) => toEntry(id, remove)),
  };
}

function toEntry<Reason>(id: string, reasons: ReadonlyMap<string, Reason>): { id: string; reason: Reason }[] {
  const reason = reasons.get(id);
  return reason === undefined ? [] : [{ id, reason }];
}

/** The same order for checkpoints of the same time, whatever order they came in. */
function byAge(one: KeptCheckpoint, other: KeptCheckpoint): number {
  if (one.order !== undefined && other.order !== undefined) return other.order - one.order;
  return other.createdAtMs - one.createdAtMs || (one.id < other.id ? -1 : 1);
}

/** It and what it builds on. A circle, which only damage can make, ends where it closes. */
function chainOf(checkpoint: KeptCheckpoint, byId: ReadonlyMap<string, KeptCheckpoint>): KeptCheckpoint[] {
  const chain: KeptCheckpoint[] = [];
  const seen = new Set<string>();
  let at: KeptCheckpoint | undefined = checkpoint;
  while (at !== undefined && !seen.has(at.id)) {
    seen.add(at.id);
    chain.push(at);
    at = at.parent === null ? undefined : byId.get(at.parent);
  }
  return chain;
}

function childrenFirst(
  removed: readonly KeptCheckpoint[],
  byId: ReadonlyMap<string, KeptCheckpoint>,
): KeptCheckpoint[] {
  const depth = (checkpoint: KeptCheckpoint): number => chainOf(checkpoint, byId).length;
  return [...removed].sort((one, other) => depth(other) - depth(one));
}
