import { z } from 'zod';
import { quantity } from '../value/quantity.ts';
import { overlookedReason } from './restore-reason.ts';

const DURATION = /^((\d+(\.\d*)?|\.\d+)(ms|s|m|h))+$/;
const duration = z.string().regex(DURATION, 'must be a duration such as `90s`, `5m` or `1h30m`');
const time = z.iso.datetime();
const bytes = z.number().min(0);

/** What CRIU saves or brings back only when told so. */
export const checkpointOptions = z.strictObject({
  tcpEstablished: z
    .boolean()
    .optional()
    .describe(
      'Keep established TCP connections; the peer must still be there at the restore. Default: false.',
    ),
  tcpClose: z.boolean().optional().describe('Let established TCP connections end. Default: false.'),
  tcpSkipInFlight: z
    .boolean()
    .optional()
    .describe('Leave out connections that are just being accepted. Default: false.'),
  fileLocks: z.boolean().optional().describe('Save file locks. Default: false.'),
  externalUnixSockets: z
    .boolean()
    .optional()
    .describe('Let unix sockets whose other end is outside of the container be. Default: false.'),
  linkRemap: z
    .boolean()
    .optional()
    .describe('Keep deleted files that have other names by linking them. Default: true.'),
  ghostLimit: quantity
    .optional()
    .describe('Largest deleted but open file that is saved, a quantity. Default: 64Mi.'),
  debugLog: z
    .boolean()
    .optional()
    .describe('Have CRIU log all that it does, for those who debug it. Default: false.'),
  preDumps: z
    .int()
    .min(0)
    .max(16)
    .optional()
    .describe(
      'Copy memory so often while it runs, and stand still only for what has changed since. Needs a kernel that tracks memory. Default: 0.',
    ),
  retryWith: z
    .array(z.enum(['ghostLimit', 'tcpEstablished', 'fileLocks', 'networkLock']))
    .optional()
    .describe(
      'What is allowed in another try when CRIU needs it and nothing is said of it here; networkLock: iptables in place of nftables, or the other way round. Default: ghostLimit up to 1Gi, and networkLock.',
    ),
  timeoutSeconds: z
    .number()
    .min(1)
    .optional()
    .describe('For the whole of it; then the container goes on as before. Default: 600.'),
});
export type CheckpointSettings = z.infer<typeof checkpointOptions>;

/** `spec.checkpoint`: when the container is saved, memory and all, without being asked. */
export const checkpointPolicy = z.strictObject({
  interval: duration
    .optional()
    .describe('While it runs, save it so often, and let it go on: `5m`. Needs the daemon. Default: never.'),
  beforeUpdate: z
    .boolean()
    .optional()
    .describe('Save it before a changed manifest restarts it. Default: false.'),
  onShutdown: z
    .boolean()
    .optional()
    .describe('Save and end it when the host shuts down, and bring it back after the boot. Default: false.'),
  keep: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('How many are kept, the newest ones. Default: 1, or with `maxAge` or `maxBytes` no limit.'),
  maxAge: duration
    .optional()
    .describe('Those that are older go when a new one is made; the newest stays: `24h`. Default: no limit.'),
  maxBytes: quantity
    .optional()
    .describe('The oldest go until all together have no more on disk; the newest stays. Default: no limit.'),
  options: checkpointOptions.optional().describe('What is saved only when told so, for restores as well.'),
});
export type CheckpointPolicy = z.infer<typeof checkpointPolicy>;

/** `spec.restore`: when the container goes on from its last checkpoint where it would have begun anew. */
export const restorePolicy = z.strictObject({
  from: z
    .strictObject({
      archive: z
        .string()
        .regex(/^\//, 'must be an absolute path')
        .optional()
        .describe('Path of an archive that `tsctr checkpoint --export` or podman has written.'),
      image: z
        .string()
        .min(1)
        .optional()
        .describe(
          'In place of an archive the image of a checkpoint, that tsctr, podman or CRI-O has made; pulled as `imagePullPolicy` says.',
        ),
      imagePullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .optional()
        .describe('When `image` is pulled. Default: Always for the tag latest, else IfNotPresent.'),
      ignore: z
        .array(overlookedReason)
        .optional()
        .describe('Reasons to refuse the restore that do not count. Default: none.'),
    })
    .optional()
    .describe('What a container that has never run begins with. Later it is started as any other.'),
  onCrash: z
    .strictObject({
      tries: z.int().min(1).default(3).describe('Restores in a row, then it is started anew. Default: 3.'),
    })
    .optional()
    .describe('After an exit code other than 0, where the restart policy would start it anew.'),
  lazyPages: z
    .boolean()
    .optional()
    .describe(
      'Let it run as soon as its processes are there, while their memory still comes from the checkpoint. A page that never comes ends it. Needs userfaultfd, and the users of the host. Default: false.',
    ),
  onBoot: z
    .boolean()
    .optional()
    .describe(
      'After a boot of the host go on from the last checkpoint. Default: only when it was saved at the shutdown.',
    ),
});
export type RestorePolicy = z.infer<typeof restorePolicy>;

/** Which manifest of kind Checkpoint something is done for, and which generation of it. */
export const declaredName = z.strictObject({ name: z.string(), id: z.string(), generation: z.int() });
export type DeclaredName = z.infer<typeof declaredName>;

/** A complete checkpoint that a container has on disk. */
export const keptCheckpoint = z.strictObject({
  /** `web@3`: rises with each one, and no number comes twice for a container. 0: made before there were numbers. */
  id: z.int().min(0).default(0),
  createdAt: time,
  /** Of the processes' pages, and of everything. */
  memoryBytes: bytes,
  sizeBytes: bytes,
  /** A directory. */
  path: z.string(),
  /** The container went on, and its writable layer was saved with it. */
  leftRunning: z.boolean(),
  /** Its writable layer was saved with it, so that it can be restored more than once. Absent: as `leftRunning`. */
  repeatable: z.boolean().optional(),
  /** It stays until somebody removes it. */
  pinned: z.boolean().optional(),
  /** What asked for it. */
  by: z.enum(['hand', 'manifest', 'interval', 'update', 'shutdown', 'declared', 'unknown']),
  /** The manifest of kind Checkpoint that it was made for. */
  declared: declaredName.optional(),
  /** The container has been started anew since: what it has done since then is not in it, and no crash leads back to it. */
  ofEarlierRun: z.boolean(),
  /** How long the processes stood still, milliseconds; null when CRIU has left no statistics. */
  frozenMs: z.number().nullable(),
  /** Milliseconds by stage in their order, with `total`. */
  durationsMs: z.record(z.string(), z.number()),
});
export type KeptCheckpoint = z.infer<typeof keptCheckpoint>;

/** Whether it is still of use after it was restored, or after its container has begun anew. */
export function isRepeatable({
  leftRunning,
  repeatable,
}: Pick<KeptCheckpoint, 'leftRunning' | 'repeatable'>): boolean {
  return repeatable ?? leftRunning;
}

/** The present run of a container began with a checkpoint. */
export const restoredRun = z.strictObject({
  at: time,
  checkpointCreatedAt: time.nullable(),
  /** Path of the archive, where it was one. */
  archive: z.string().optional(),
  /** Name of the image of a checkpoint, where it was one. */
  image: z.string().optional(),
  why: z.enum(['checkpointed', 'crash', 'boot', 'hand', 'archive']),
  durationsMs: z.record(z.string(), z.number()),
});
export type RestoredRun = z.infer<typeof restoredRun>;

/** How the next restore is to be done, where that is not as the manifest says. */
export const restoreWish = z.strictObject({
  /** In place of the kept checkpoint. */
  archive: z.string().nullable(),
  /** In place of an archive the image of a checkpoint, which is in the store. */
  image: z.string().optional(),
  ignore: z.array(overlookedReason),
  /** It runs before all of its memory has come. Absent: as the manifest says. */
  lazyPages: z.boolean().optional(),
});
export type RestoreWish = z.infer<typeof restoreWish>;

/** What a record holds of checkpoints. */
export const checkpointFacts = {
  /** The last complete one; null when there is none. */
  checkpoint: keptCheckpoint.nullable().default(null),
  /** Those before it that are kept as well, newest first. */
  olderCheckpoints: z.array(keptCheckpoint).default([]),
  /** The highest number that was given so far, whatever came of it. */
  lastCheckpointId: z.int().default(0),
  /** When one was last begun, whatever came of it: the interval counts from there. */
  checkpointTriedAt: time.nullable().default(null),
  /** The next start is to be a restore from the kept checkpoint, and why. */
  restoreDue: z.enum(['boot', 'hand']).nullable().default(null),
  /** What was asked for with it. */
  restoreWish: restoreWish.nullable().default(null),
  /** It has run before: no archive that its manifest names is begun with any more. */
  hasRun: z.boolean().default(false),
  /** Which one a person wants it to go on from; null: the last one. */
  restoreFrom: z.int().nullable().default(null),
  /** Restores after crashes without a run long enough in between; beyond the manifest's bound comes a cold start. */
  restoresInRow: z.int().default(0),
  /** Null: the present run began with a start. */
  restored: restoredRun.nullable().default(null),
};
