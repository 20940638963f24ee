import type { CheckpointDetails } from '../engine/index.ts';
import {
  isRepeatable,
  keptCheckpointsOf,
  withKept,
  type ContainerRecord,
  type KeptCheckpoint,
  type RestoredRun,
} from '../schemas/index.ts';
import { isReadyAtStart } from './recover-state.ts';

/** What a record becomes when its container has gone into its checkpoint. */
export function saved(record: ContainerRecord): ContainerRecord {
  return { ...record, state: 'Checkpointed', pid: null, ready: false, exit: null };
}

/** What a record becomes when its container has come back. */
export function restoredRecord(
  record: ContainerRecord,
  restore: { now: string; checkpoint?: number } & Omit<RestoredRun, 'at' | 'checkpointCreatedAt'>,
): ContainerRecord {
  const { now, checkpoint: id, ...run } = restore;
  const kept = keptCheckpointsOf(record);
  const source = kept.find((checkpoint) => checkpoint.id === id);
  return {
    ...record,
    state: 'Restored',
    startedAt: now,
    previousExit: record.exit ?? record.previousExit,
    exit: null,
    ready: isReadyAtStart(record),
    lastError: null,
    backoffUntil: null,
    restoreDue: null,
    restoreWish: null,
    restoreFrom: null,
    hasRun: true,
    restoresInRow: record.restoresInRow + (run.why === 'crash' ? 1 : 0),
    restored: { at: now, checkpointCreatedAt: source?.createdAt ?? null, ...run },
    // The engine takes those away that say nothing of the files as they will be from now on. From one that is newer than the
    // one that was restored, or after an archive from any, no crash leads on: that is another story by now.
    ...withKept(
      kept.filter(isRepeatable).map((checkpoint) => ({
        ...checkpoint,
        ofEarlierRun:
          source === undefined ||
          checkpoint.id > source.id ||
          (checkpoint.ofEarlierRun && checkpoint !== source),
      })),
    ),
  };
}

/** From here on what the container does is in none of its checkpoints; those without a copy of its files are of no use any more. */
export function outrun(record: ContainerRecord): Pick<ContainerRecord, 'checkpoint' | 'olderCheckpoints'> {
  const kept = keptCheckpointsOf(record).filter(isRepeatable);
  return withKept(kept.map((checkpoint) => ({ ...checkpoint, ofEarlierRun: true })));
}

/** Makes a record tell of what is on disk, newest first. `made`: what is known of one that is new. */
export function noteKept(
  record: ContainerRecord,
  found: readonly CheckpointDetails[],
  made: Pick<KeptCheckpoint, 'id' | 'by'> & Partial<Pick<KeptCheckpoint, 'durationsMs' | 'declared'>>,
): ContainerRecord {
  const known = new Map(keptCheckpointsOf(record).map((checkpoint) => [checkpoint.id, checkpoint]));
  const kept = found.map((details) =>
    details.id === made.id
      ? { ...keptCheckpoint(details, made.by), ...made }
      : (known.get(details.id) ?? { ...keptCheckpoint(details, 'unknown'), ofEarlierRun: true }),
  );
  return {
    ...record,
    ...withKept(kept),
    lastCheckpointId: Math.max(record.lastCheckpointId, ...kept.map(({ id }) => id)),
  };
}

/** A kept checkpoint as a record holds it. */
function keptCheckpoint(details: CheckpointDetails, by: KeptCheckpoint['by']): KeptCheckpoint {
  const { id, createdAt, sizes, directory, leftRunning, repeatable, pinned, statistics } = details;
  return {
    id,
    createdAt,
    memoryBytes: sizes.memoryPages,
    sizeBytes: sizes.total,
    path: directory,
    leftRunning,
    repeatable,
    ...(pinned ? { pinned } : {}),
    by,
    ofEarlierRun: false,
    frozenMs: statistics === null ? null : statistics.frozen_time / 1000,
    durationsMs: {},
  };
}
