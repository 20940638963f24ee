import type { CheckpointDetails } from '../engine/index.ts';
import type { ContainerRecord, KeptCheckpoint } from '../schemas/index.ts';
import { isReadyAtStart } from './recover-state.ts';

/** What a record becomes when its container has gone into its checkpoint. */
export function saved(record: ContainerRecord): ContainerRecord {
  return { ...record, state: 'Checkpointed', pid: null, ready: false, exit: null };
}

/** What a record becomes when its container has come back. */
export function restoredRecord(
  record: ContainerRecord,
  restore: { now: string } & Pick<NonNullable<ContainerRecord['restored']>, 'why' | 'durationsMs'>,
): ContainerRecord {
  const { checkpoint } = record;
  const { now, why, durationsMs } = restore;
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
    restoresInRow: record.restoresInRow + (why === 'crash' ? 1 : 0),
    restored: { at: now, checkpointCreatedAt: checkpoint?.createdAt ?? null, why, durationsMs },
    // The engine takes one away that has become the run: it says nothing of the files as they will be from now on.
    checkpoint: checkpoint?.leftRunning === true ? { ...checkpoint, ofEarlierRun: false } : null,
  };
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
