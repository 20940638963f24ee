import type { CheckpointDetails, ContainerObservation } from '../engine/index.ts';
import { isoTime } from '../reconciler/index.ts';
import type { ContainerRecord } from '../schemas/index.ts';
import { noteKept, restoredRecord, saved } from './memory-record.ts';
import { recoverState, type Recovery } from './recover-state.ts';

interface Seen {
  now: number;
  /** The complete checkpoints that are on disk now, newest first. */
  found: readonly CheckpointDetails[];
}

/** Makes a record agree with the host after its container was being saved, or brought back, and nobody noted the end of that. */
export function recoverMemory(
  record: ContainerRecord,
  observation: ContainerObservation,
  seen: Seen,
): Recovery {
  return record.intent?.verb === 'restore'
    ? recoverRestore(record, observation, seen)
    : recoverCheckpoint(record, observation, seen);
}

/** It goes on as before, or it went into a checkpoint that is complete. */
function recoverCheckpoint(
  record: ContainerRecord,
  observation: ContainerObservation,
  { now, found }: Seen,
): Recovery {
  const [newest] = found;
  const isNew =
    newest !== undefined && Date.parse(newest.createdAt) >= Date.parse(record.intent?.since ?? '');
  const declared = record.intent?.declared;
  const noted = isNew
    ? noteKept(record, found, { id: newest.id, by: byOf(record), ...(declared && { declared }) })
    : record;
  const attributes = { recovered: 'true' };
  const happened: Recovery['happened'] = isNew ? [{ type: 'checkpoint', attributes }] : [];
  const isAlive = observation.status === 'running' || observation.status === 'paused';
  if (!isAlive && isNew && !newest.leftRunning) {
    const override = declared === undefined ? noted.override : 'Checkpointed';
    return { record: { ...saved(noted), intent: null, override }, happened };
  }
  const recovery = recoverState(noted, observation, now);
  return { record: recovery.record, happened: [...happened, ...recovery.happened] };
}

/** It runs again, or everything is to be taken down and tried anew; the checkpoint says whether there is something to try with. */
function recoverRestore(
  record: ContainerRecord,
  observation: ContainerObservation,
  { now, found }: Seen,
): Recovery {
  const { status, pid } = observation;
  if (status === 'running' || status === 'paused') {
    const elsewhere = elsewhereOf(record);
    const why = record.restoreDue ?? causeOf(record);
    const restored = restoredRecord(record, {
      now: isoTime(now),
      why,
      durationsMs: {},
      ...(elsewhere ?? { checkpoint: restoredFrom(record) }),
    });
    const state = status === 'paused' ? 'Paused' : 'Restored';
    return {
      record: { ...restored, intent: null, state, pid },
      happened: [{ type: 'restore', attributes: { why, pid: String(pid) } }],
    };
  }
  const withoutIntent: ContainerRecord = { ...record, intent: null };
  const checkpoint = restoredFrom(record);
  // From elsewhere: the kept checkpoints, if there are any, are as they were.
  if (elsewhereOf(record) !== null || found.some(({ id }) => id === checkpoint)) {
    return recoverState(withoutIntent, observation, now);
  }
  // It had become the run, and that has ended since; or somebody took it away.
  const { exit } = observation;
  const state = exit === null ? 'Configured' : 'Stopped';
  const noted = noteKept(withoutIntent, found, { id: NONE, by: 'unknown' });
  const ended: ContainerRecord = { ...noted, state, exit, restoreDue: null, restoreFrom: null };
  const { record: settled } = recoverState(ended, observation, now);
  if (exit === null) return { record: settled, happened: [] };
  return { record: settled, happened: [{ type: 'died', attributes: { exitCode: String(exit.code) } }] };
}

/** The archive or the image that it was being restored from; null: a kept checkpoint. */
function elsewhereOf({ intent }: ContainerRecord): { archive: string } | { image: string } | null {
  if (intent?.image !== undefined) return { image: intent.image };
  return intent?.file === undefined ? null : { archive: intent.file };
}

function causeOf(record: ContainerRecord): 'checkpointed' | 'archive' | 'crash' {
  if (elsewhereOf(record) !== null) return 'archive';
  const { state } = record;
  return state === 'Checkpointed' ? 'checkpointed' : 'crash';
}

/** No checkpoint has this number. */
const NONE = -1;

/** Number of the checkpoint that was being restored. */
function restoredFrom({ intent, checkpoint }: ContainerRecord): number {
  return intent?.checkpoint ?? checkpoint?.id ?? NONE;
}

function byOf({ override, manifest, intent }: ContainerRecord): 'hand' | 'manifest' | 'declared' | 'unknown' {
  if (intent?.declared !== undefined) return 'declared';
  if (override === 'Checkpointed') return 'hand';
  return manifest?.spec.state === 'Checkpointed' ? 'manifest' : 'unknown';
}
