import { z } from 'zod';
import { checkpointFacts, declaredName } from '../checkpoint/checkpoint.ts';
import { container, containerSpec } from '../container/container.ts';
import { CONTAINER_STATES } from './container-state.ts';
import { pod } from '../pod/pod.ts';

/**
 * What tsctr keeps on disk: one small JSON file for each resource, below `<root>/db/<kind>/<name>.json`. `schemaVersion`
 * stands in each. Times are ISO 8601 in UTC.
 */
export const RECORD_SCHEMA_VERSION = 1;

const time = z.iso.datetime();

/** Who owns a resource: the source that brought it, and where in that source it stands. */
export const ownership = z.strictObject({
  /** `apply`: given by hand or CI; `directory`: the manifest directory; `git`: a repository. */
  source: z.enum(['apply', 'directory', 'git']),
  /** The file within the source: an absolute path, `-` for standard input. */
  file: z.string(),
});
export type Ownership = z.infer<typeof ownership>;

/** The image that a container was made from. */
export const resolvedImage = z.strictObject({
  /** As the manifest says it. */
  reference: z.string(),
  /** Digest of the image's configuration, `sha256:…`: the image id of podman. */
  id: z.string(),
});
export type ResolvedImage = z.infer<typeof resolvedImage>;

/** Where the members of a pod live: the pinned namespaces of `<run>/pods/<id>/`. */
export const podMembership = z.strictObject({
  name: z.string(),
  id: z.string(),
  /** Name of the container within the pod. */
  member: z.string(),
  init: z.boolean(),
  /** Which namespaces the pod holds; the others are the container's own or the host's. */
  shared: z.array(z.enum(['net', 'ipc', 'uts'])),
});
export type PodMembership = z.infer<typeof podMembership>;

/** Everything that the engine must be told to make one container: the engine chooses nothing by itself. */
export const containerRequest = z.strictObject({
  /** 64 hexadecimal digits. */
  id: z.string().regex(/^[0-9a-f]{64}$/),
  /** Name of the record: of a Container itself, `<pod>.<member>` in a pod. */
  name: z.string(),
  spec: containerSpec,
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  /** Null with `spec.rootfs`. */
  image: resolvedImage.nullable(),
  pod: podMembership.nullable(),
  /** Versions of the config maps and secrets that it was made with: `secret/<name>` → version. */
  data: z.record(z.string(), z.string()).optional(),
  createdAt: time,
});
export type ContainerRequest = z.infer<typeof containerRequest>;

/** How the process of a container ended. */
export const containerExit = z.strictObject({
  /** 128 + n when signal n ended it, -1 when the monitor is gone and nobody knows. */
  code: z.int(),
  finishedAt: time,
  oomKilled: z.boolean(),
});
export type ContainerExit = z.infer<typeof containerExit>;

/** Written, durably, before an effect begins, and cleared after it: what a crash may have interrupted. */
export const intent = z.strictObject({
  verb: z.enum([
    'create',
    'start',
    'stop',
    'pause',
    'resume',
    'update',
    'cleanup',
    'remove',
    'checkpoint',
    'restore',
    'export',
  ]),
  since: time,
  /** What is being written by it: an archive. */
  file: z.string().optional(),
  /** Image of a checkpoint that is being restored. */
  image: z.string().optional(),
  /** Number of the checkpoint that is being restored. */
  checkpoint: z.int().optional(),
  /** The manifest of kind Checkpoint that a checkpoint is being made for. */
  declared: declaredName.optional(),
});
export type Intent = z.infer<typeof intent>;

export const containerRecord = z.strictObject({
  schemaVersion: z.literal(RECORD_SCHEMA_VERSION),
  kind: z.literal('Container'),
  name: z.string(),
  owner: ownership,
  /** The manifest as it was last accepted; null for the member of a pod, whose manifest is the pod's. */
  manifest: container.nullable(),
  /** Name of the pod, for a member. */
  pod: z.string().nullable(),
  /** Set when the resource is to go; the record itself goes last. */
  deletionRequestedAt: time.nullable(),
  /** A state that a person asked for by command (`stop`, `pause`, `checkpoint`), until the manifest changes or `start` lifts it. */
  override: z.enum(['Stopped', 'Paused', 'Checkpointed']).nullable(),
  /** What the present instance was made from; null before the first creation. */
  request: containerRequest.nullable(),
  state: z.enum(CONTAINER_STATES),
  intent: intent.nullable(),
  /** Of the container's first process, in the host's PID namespace. */
  pid: z.int().nullable(),
  startedAt: time.nullable(),
  exit: containerExit.nullable(),
  /** The exit before the present run. */
  previousExit: containerExit.nullable(),
  restartCount: z.int(),
  /** Failures in a row, for the back-off. */
  failuresInRow: z.int(),
  /** When the next try is due. */
  backoffUntil: time.nullable(),
  ready: z.boolean(),
  /** The last error in plain words, null when all is well. */
  lastError: z.string().nullable(),
  ...checkpointFacts,
  createdAt: time,
});
export type ContainerRecord = z.infer<typeof containerRecord>;

export const podRecord = z.strictObject({
  schemaVersion: z.literal(RECORD_SCHEMA_VERSION),
  kind: z.literal('Pod'),
  name: z.string(),
  /** 64 hexadecimal digits. */
  id: z.string(),
  owner: ownership,
  manifest: pod,
  deletionRequestedAt: time.nullable(),
  override: z.enum(['Stopped']).nullable(),
  /** True while the shared namespaces are pinned. */
  prepared: z.boolean(),
  intent: z.strictObject({ verb: z.enum(['prepare', 'release']), since: time }).nullable(),
  lastError: z.string().nullable(),
  createdAt: time,
});
export type PodRecord = z.infer<typeof podRecord>;

export type ResourceRecord = ContainerRecord | PodRecord;
