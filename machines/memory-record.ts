import type { CheckpointDetails } from '../engine/index.ts';
import type { ContainerRecord, KeptCheckpoint, RestoredRun } from '../schemas/index.ts';
import { isReadyAtStart } from './recover-state.ts';

/** What a record becomes when its container has gone into its checkpoint. */
export function saved(record: ContainerRecord): ContainerRecord {
  return { ...record, state: 'Checkpointed', pid: null, ready: false, exit: null };
}

/** What a record becomes when its container has come back. */
export function restoredRecord(
  record: ContainerRecord,
  restore: { now: string } & Omit<RestoredRun, 'at' | 'checkpointCreatedAt'>,
): ContainerRecord {
  const { checkpoint } = record;
  const { now, ...run } = restore;
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
    hasRun: true,
    restoresInRow: record.restoresInRow + (run.why === 'crash' ? 1 : 0),
    restored: {
      at: now,
      checkpointCreatedAt: run.archive === undefined ? (checkpoint?.createdAt ?? null) : null,
      ...run,
    },
    checkpoint: keptAfter(checkpoint, run.archive !== undefined),
  };
}

/**
 * The engine takes one away that has become the run: it says nothing of the files as they will be from now on. Nor does one that
 * went without a copy of its files, when the container has come out of an archive instead.
 */
function keptAfter(checkpoint: KeptCheckpoint | null, fromArchive: boolean): KeptCheckpoint | null {
  return checkpoint?.leftRunning === true ? { ...checkpoint, ofEarlierRun: fromArchive } : null;
}

/** The kept checkpoint as a record holds it. */
export function keptCheckpoint(details: CheckpointDetails, by: KeptCheckpoint['by']): KeptCheckpoint {
  const { createdAt, sizes, directory, leftRunning, statistics } = details;
  return {
    createdAt,
    memoryBytes: sizes.memoryPages,
    sizeBytes: sizes.total,
    path: directory,
    leftRunning,
    by,
    ofEarlierRun: false,
    frozenMs: statistics === null ? null : statistics.frozen_time / 1000,
    durationsMs: {},
  };
}
