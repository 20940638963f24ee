import { isDeepStrictEqual } from 'node:util';
import type {
  CheckpointManifest,
  CheckpointManifestSpec,
  DeclaredCheckpointRecord,
  Ownership,
} from '../../schemas/index.ts';
import { holding, newCheckpointRecord, newStatus, standing } from './checkpoint-status.ts';

/** What a manifest of kind Checkpoint makes of its record, as that is when it is written. */
export function mergeCheckpoint(
  record: DeclaredCheckpointRecord | null,
  manifest: CheckpointManifest,
  { owner, now, id }: { owner: Ownership; now: number; id: string },
): DeclaredCheckpointRecord {
  if (record === null) return newCheckpointRecord({ id, owner, manifest, now });
  const isSame = isDeepStrictEqual(record.manifest, manifest);
  const next = { ...record, owner, deletionRequestedAt: null, manifest: isSame ? record.manifest : manifest };
  if (asksForAnother(record.manifest.spec, manifest.spec)) return anotherGeneration(next, now);
  const tried = owner.source === 'apply' ? triedAnew(next, now) : next;
  return isDeepStrictEqual(tried, record) ? record : tried;
}

/** True when the change is in what is to be done, and not only in what becomes of it, or how often it is tried. */
export function asksForAnother(before: CheckpointManifestSpec, after: CheckpointManifestSpec): boolean {
  const work = (spec: CheckpointManifestSpec): CheckpointManifestSpec => ({
    ...spec,
    reclaimPolicy: 'Retain',
    backoffLimit: 0,
  });
  return !isDeepStrictEqual(work(before), work(after));
}

function anotherGeneration(record: DeclaredCheckpointRecord, now: number): DeclaredCheckpointRecord {
  const generation = record.generation + 1;
  const { product } = record.status;
  return {
    ...record,
    generation,
    status: newStatus(generation, now),
    superseded: product === null ? record.superseded : [...record.superseded, product],
  };
}

/** Whoever applies by hand wants it tried now; a directory is read again all the time. */
function triedAnew(record: DeclaredCheckpointRecord, now: number): DeclaredCheckpointRecord {
  const { status } = record;
  const failed = holding(record, 'Failed');
  if (failed === null) {
    return status.nextTryAt === null ? record : { ...record, status: { ...status, nextTryAt: null } };
  }
  const anew = { ...record, status: { ...status, failures: 0, nextTryAt: null } };
  return standing(
    anew,
    { holds: null, reason: failed.reason, message: `tried anew: ${failed.message}` },
    now,
  );
}
