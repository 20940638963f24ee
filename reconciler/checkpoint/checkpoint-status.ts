import {
  RECORD_SCHEMA_VERSION,
  type CheckpointCondition,
  type CheckpointManifest,
  type DeclaredCheckpointRecord,
  type DeclaredCheckpointStatus,
  type Ownership,
} from '../../schemas/index.ts';
import { isoTime } from '../clock.ts';

/** The record of a checkpoint that exists only as a wish. */
export function newCheckpointRecord(wish: {
  id: string;
  owner: Ownership;
  manifest: CheckpointManifest;
  now: number;
}): DeclaredCheckpointRecord {
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    kind: 'Checkpoint',
    name: wish.manifest.metadata.name,
    id: wish.id,
    owner: wish.owner,
    manifest: wish.manifest,
    generation: 1,
    status: newStatus(1, wish.now),
    superseded: [],
    deletionRequestedAt: null,
    createdAt: isoTime(wish.now),
  };
}

/** Nothing has been done yet for this generation. */
export function newStatus(generation: number, now: number): DeclaredCheckpointStatus {
  return {
    saved: null,
    product: null,
    pushed: null,
    attempts: 0,
    failures: 0,
    attemptSince: null,
    nextTryAt: null,
    startedAt: null,
    completedAt: null,
    conditions: conditionsOf([], { holds: null, ...PENDING }, { generation, now }),
  };
}

/** Why a checkpoint stands as it does: a word that does not change, and a sentence. */
export interface Standing {
  /** The condition that is True; null: neither. */
  holds: CheckpointCondition['type'] | null;
  reason: string;
  message: string;
}

const PENDING = { reason: 'Pending', message: 'nothing has been tried yet' };

/** The record with other conditions; the same object when they say what it says already. */
export function standing(
  record: DeclaredCheckpointRecord,
  how: Standing,
  now: number,
): DeclaredCheckpointRecord {
  const { generation, status } = record;
  const conditions = conditionsOf(status.conditions, how, { generation, now });
  const isSame = conditions.every((condition, i) => isSameCondition(condition, status.conditions[i]));
  return isSame ? record : { ...record, status: { ...status, conditions } };
}

/** Both conditions; a time changes with the status that it is of, as Kubernetes has it. */
function conditionsOf(
  before: readonly CheckpointCondition[],
  { holds, reason, message }: Standing,
  { generation, now }: { generation: number; now: number },
): CheckpointCondition[] {
  return (['Complete', 'Failed'] as const).map((type) => {
    const status = holds === type ? 'True' : 'False';
    const known = before.find((condition) => condition.type === type);
    // Of the one that is not in question there is nothing to tell.
    const speaks = holds === type || type === 'Complete';
    return {
      type,
      status,
      reason: speaks ? reason : 'NotFailed',
      message: speaks ? message : '',
      observedGeneration: generation,
      lastTransitionTime: known?.status === status ? known.lastTransitionTime : isoTime(now),
    };
  });
}

function isSameCondition(one: CheckpointCondition, other: CheckpointCondition | undefined): boolean {
  return (
    other !== undefined &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.message === other.message &&
    one.observedGeneration === other.observedGeneration
  );
}

/** The condition of that type, when it is True. */
export function holding(
  { status }: Pick<DeclaredCheckpointRecord, 'status'>,
  type: CheckpointCondition['type'],
): CheckpointCondition | null {
  return status.conditions.find((each) => each.type === type && each.status === 'True') ?? null;
}
