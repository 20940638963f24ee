import { z } from 'zod';
import type { DeclaredName } from './checkpoint.ts';
import { checkpointManifest } from './checkpoint-manifest.ts';
import { ownership, RECORD_SCHEMA_VERSION } from '../record/record.ts';

const time = z.iso.datetime();
const bytes = z.number().min(0);

/** How it stands, as Kubernetes says it: https://github.com/kubernetes/community/blob/main/contributors/devel/sig-architecture/api-conventions.md */
export const checkpointCondition = z.strictObject({
  /** As of a Job: `Complete` once all is made, `Failed` once nothing more is tried. */
  type: z.enum(['Complete', 'Failed']),
  status: z.enum(['True', 'False']),
  /** One word that does not change: `ContainerNotFound`, `CheckpointFailed` … */
  reason: z.string(),
  message: z.string(),
  /** Of which generation this speaks. */
  observedGeneration: z.int(),
  lastTransitionTime: time,
});
export type CheckpointCondition = z.infer<typeof checkpointCondition>;

/** The checkpoint itself: facts that outlive it. */
export const savedCheckpoint = z.strictObject({
  /** Of a record: `web`, or `db.app`. */
  container: z.string(),
  /** Which instance of it. */
  containerId: z.string(),
  /** `web@3`. */
  number: z.int(),
  createdAt: time,
  memoryBytes: bytes,
  sizeBytes: bytes,
  /** How long the processes stood still, milliseconds; null when CRIU has left no statistics. */
  frozenMs: z.number().nullable(),
  /** Milliseconds by stage, with `total`; empty where tsctr was interrupted. */
  durationsMs: z.record(z.string(), z.number()),
  /** As CRIU counts. */
  statistics: z.record(z.string(), z.number()).nullable(),
  /** False once it was taken out of the container's checkpoints, because only what it has become was wanted. */
  isKept: z.boolean(),
});
export type SavedCheckpoint = z.infer<typeof savedCheckpoint>;

/** What a kept checkpoint has become besides. */
export const checkpointProduct = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('archive'),
    path: z.string(),
    bytes,
    uncompressedBytes: bytes,
    durationMs: z.number(),
  }),
  z.strictObject({
    kind: z.literal('image'),
    name: z.string(),
    digest: z.string(),
    bytes,
    durationMs: z.number(),
  }),
]);
export type CheckpointProduct = z.infer<typeof checkpointProduct>;

export const declaredCheckpointStatus = z.strictObject({
  /** Null: not made yet. */
  saved: savedCheckpoint.nullable(),
  /** What it has become besides. */
  product: checkpointProduct.nullable(),
  /** Where the image was sent. */
  pushed: z.strictObject({ destination: z.string(), digest: z.string() }).nullable(),
  /** Tries that were begun. */
  attempts: z.int(),
  /** Those that failed; one in which tsctr was interrupted is none. */
  failures: z.int(),
  /** Since when one is under way; left over by a tsctr that was killed, it says that one was. */
  attemptSince: time.nullable(),
  /** When the next one is due. */
  nextTryAt: time.nullable(),
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  conditions: z.array(checkpointCondition),
});
export type DeclaredCheckpointStatus = z.infer<typeof declaredCheckpointStatus>;

/** What tsctr keeps of a manifest of kind Checkpoint: `<root>/db/checkpoints/<name>.json`. */
export const declaredCheckpointRecord = z.strictObject({
  schemaVersion: z.literal(RECORD_SCHEMA_VERSION),
  kind: z.literal('Checkpoint'),
  name: z.string(),
  /** 64 hexadecimal digits: one of the same name that is declared anew is another one. */
  id: z.string(),
  owner: ownership,
  manifest: checkpointManifest,
  /** Rises when the spec changes in what it asks to be done; each is done once. */
  generation: z.int(),
  status: declaredCheckpointStatus,
  /** Archives and images of earlier generations, until they are reclaimed. */
  superseded: z.array(checkpointProduct),
  deletionRequestedAt: time.nullable(),
  createdAt: time,
});
export type DeclaredCheckpointRecord = z.infer<typeof declaredCheckpointRecord>;

/** By what name a container's checkpoint says which manifest it was made for. */
export function declaredNameOf({ name, id, generation }: DeclaredCheckpointRecord): DeclaredName {
  return { name, id, generation };
}
