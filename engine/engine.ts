import type {
  ConfigMap,
  ContainerExit,
  ContainerRequest,
  CriuDumpStatistics,
  CriuRestoreStatistics,
  DataKind,
  OverlookedReason,
  Ownership,
  PodRecord,
  ResolvedImage,
  Rotation,
  Secret,
} from '../schemas/index.ts';
import type { PreflightReport } from './checkpoint/preflight/find-obstacles.ts';
import type { RetentionPolicy } from './checkpoint/retention.ts';
import type { VolumeEngine } from './volume-engine.ts';

/**
 * The engine does one thing to one container, pod or image when told, and chooses nothing by itself. Every verb is
 * idempotent: it makes sure that something is so, and may be called again after a crash at any instant. Verbs do not check the
 * state machine (the caller does) and do not write records.
 */
export interface Engine {
  readonly containers: ContainerEngine;
  readonly pods: PodEngine;
  readonly images: ImageEngine;
  readonly data: DataEngine;
  readonly volumes: VolumeEngine;
  /** What this host has: cgroups, runtime, tools. Asked once. */
  host(): Promise<HostFacts>;
}

export interface ContainerEngine {
  /** Prepares (directories, root filesystem, files, spec) and creates it in the runtime; takes everything back on failure. */
  create(request: ContainerRequest, options?: EffectOptions): Promise<void>;
  /** Starts the created process. Returns its pid. */
  start(request: ContainerRequest, options?: EffectOptions): Promise<{ pid: number }>;
  /** Its probes say that it works: the service manager is told, where the manifest asks for that. */
  notifyHealthy(request: ContainerRequest): Promise<void>;
  /** Signal, wait up to `timeoutMs`, SIGKILL, wait. Ends quietly when the process is gone already. */
  stop(request: ContainerRequest, options: StopOptions): Promise<void>;
  /** Sends one signal (a number) to the first process. */
  signal(request: ContainerRequest, signal: number): Promise<void>;
  pause(request: ContainerRequest): Promise<void>;
  resume(request: ContainerRequest): Promise<void>;
  /** Changes the limits of the running container's cgroups to those of `request`. */
  update(request: ContainerRequest): Promise<void>;
  /** Releases runtime, network and mounts of a container whose process is gone; tries everything and joins the errors. */
  cleanup(request: ContainerRequest, options?: EffectOptions): Promise<void>;
  /** Cleans up, then removes the writable layer, logs and directories. */
  remove(request: ContainerRequest, options?: EffectOptions): Promise<void>;
  /** What the host says of it: pid files, exit file, runtime, freezer. Costs no process. */
  observe(request: ContainerRequest): Promise<ContainerObservation>;
  /** Waits until the process has ended and its exit is known. */
  waitExit(request: ContainerRequest, options?: { signal?: AbortSignal }): Promise<ContainerExit>;
  /** Calls back with the id of each container whose exit file appears. Returns a function that ends that. */
  watchExits(onExit: (id: string) => void): Promise<() => Promise<void>>;
  /** The log files of the present run and of the one before, oldest first; for `logs`. */
  logPaths(request: ContainerRequest): { current: string; previous: string };
  /** Runs a command inside, without terminal, and returns its exit code: for probes and hooks. */
  exec(request: ContainerRequest, options: ExecOptions): Promise<ExecResult>;
  /**
   * Saves the running (or paused) container, memory and all, as its newest checkpoint, and then lets it go on or ends it; when
   * ended, `cleanup` is next. On failure it goes on as before, and the checkpoints before this one are kept.
   */
  checkpoint(request: ContainerRequest, options: CheckpointOptions): Promise<CheckpointResult>;
  /**
   * Brings the container back from a checkpoint: prepares as `create` does, and its processes go on where they were. On failure
   * everything is taken back and the checkpoint is kept.
   */
  restore(request: ContainerRequest, options?: RestoreOptions): Promise<RestoreResult>;
  /**
   * Writes a kept checkpoint as one file in podman's layout, with the files that the container has changed and its volumes. It
   * appears under its name when it is complete, or not at all.
   */
  exportCheckpoint(request: ContainerRequest, options: ExportOptions): Promise<ExportResult>;
  /** Removes what an export to that file has left that was interrupted by a crash. Nothing to remove is no error. */
  settleExport(request: ContainerRequest, file: string): Promise<void>;
  /** The checkpoint of that number, or the newest one; null when it is not there, or not complete. */
  findCheckpoint(request: ContainerRequest, id?: number): Promise<CheckpointDetails | null>;
  /** Every complete checkpoint of it, newest first. */
  listCheckpoints(request: ContainerRequest): Promise<CheckpointDetails[]>;
  /** Says whether it could be saved now, and what stands in the way. Nothing is stopped for it. */
  checkCheckpoint(request: ContainerRequest, allowances: CheckpointAllowances): Promise<PreflightReport>;
  /** Removes one checkpoint. Nothing to remove is no error. */
  removeCheckpoint(request: ContainerRequest, id: number): Promise<void>;
  /** Finishes, or takes back, a checkpoint in which tsctr was interrupted by a crash. Nothing to do is no error. */
  settleCheckpoint(request: ContainerRequest): Promise<void>;
}

export interface PodEngine {
  /** Pins the shared namespaces and makes the directories. */
  prepare(pod: PodRecord, options?: EffectOptions): Promise<void>;
  /** Unpins and removes them. */
  release(pod: PodRecord, options?: EffectOptions): Promise<void>;
}

/** Config maps and secrets. Their values are in no record, event or message. */
export interface DataEngine {
  /** Keeps the values of a manifest, durably, and says whether they were new. Reads what a secret takes from elsewhere. */
  apply(manifest: ConfigMap | Secret, owner: Ownership): Promise<'new' | 'changed' | 'unchanged'>;
  /** What `apply` would change, without values. Throws what it would throw, and writes nothing. */
  compare(manifest: ConfigMap | Secret): Promise<DataComparison>;
  /** None of that name is no error. */
  remove(kind: DataKind, name: string): Promise<void>;
  list(): Promise<DataInfo[]>;
  /** What a container refers to and is there, by `secret/<name>` and `configmap/<name>`. */
  uses(request: Pick<ContainerRequest, 'spec'>): Promise<Record<string, DataUse>>;
}

/** What differs between a manifest and what is kept: names of keys, never values. */
export interface DataComparison {
  change: 'new' | 'changed' | 'unchanged';
  keys: Readonly<Record<string, 'added' | 'changed' | 'removed'>>;
  rotation: Rotation;
}

/** A config map or secret without its values. */
export interface DataInfo {
  kind: DataKind;
  name: string;
  owner: Ownership;
  labels: Readonly<Record<string, string>>;
  keys: string[];
  /** Changes with the values. */
  version: string;
  rotation: Rotation;
  updatedAt: string;
}

export interface DataUse {
  version: string;
  policy: Rotation['policy'];
}

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

export interface ImageEngine {
  /** Makes sure that the image is present and unpacked, as the policy says. */
  ensure(reference: string, policy: PullPolicy, options?: PullOptions): Promise<ResolvedImage>;
  /** Looks only into the local store. */
  find(reference: string): Promise<ImageDetails | null>;
  list(): Promise<ImageDetails[]>;
  /** Brings archives and layouts in under a name: `oci-archive:`, `docker-archive:`, `oci:`, `dir:`. */
  import(source: string, name: string | null, options?: PullOptions): Promise<ImageDetails>;
  /**
   * Makes an image of a checkpoint, as podman does: one layer, which is the archive that `write` makes, not compressed, in the file
   * that it is given. What has that name is replaced when the new one is complete.
   */
  packCheckpoint(name: string, write: (file: string) => Promise<void>): Promise<ImageDetails>;
  /** Path of the archive in a checkpoint image of the store, for `restore`. Throws for any other image. */
  checkpointArchive(reference: string): Promise<string>;
  /** Copies an image of the store to a registry, or to `oci:`, `oci-archive:`, `docker-archive:`, `dir:`. Default: to where its name says. */
  push(
    reference: string,
    destination: string | null,
    options?: EffectOptions,
  ): Promise<{ destination: string; digest: string }>;
  /** Removes the name, and the image when it was its last. Refused with the users' names when containers use it. */
  remove(reference: string, inUse: ReadonlySet<string>): Promise<void>;
  /** Removes images that nothing uses; returns what was removed and the bytes freed. */
  prune(inUse: ReadonlySet<string>): Promise<{ removed: ImageDetails[]; freedBytes: number }>;
  /** Directories of the unpacked layers of an image, lowest first, for overlayfs. */
  layerPaths(imageId: string): Promise<string[]>;
  /** The OCI image configuration. */
  config(imageId: string): Promise<ImageConfig>;
}

export interface PullOptions {
  signal?: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
}

export interface PullProgress {
  phase: 'fetching' | 'unpacking' | 'done';
  layersDone: number;
  layersTotal: number;
  bytes: number;
}

export interface ImageDetails {
  /** All names that lead here, fully qualified: `docker.io/library/busybox:latest`, `localhost/demo:1`. */
  names: string[];
  /** Digest of the configuration: `sha256:…`. */
  id: string;
  /** Digest of the manifest. */
  digest: string;
  createdAt: string | null;
  /** Bytes of the compressed layers. */
  size: number;
  layers: number;
  architecture: string;
  os: string;
}

/** The parts of the OCI image configuration that make a container (image-spec, config.md). */
export interface ImageConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

/** Told of every effect on the host, before and after it: crash tests stop the process there, traces draw it. */
export type EffectObserver = (effect: string, phase: 'before' | 'after') => void;

export interface EffectOptions {
  signal?: AbortSignal;
}

export interface StopOptions extends EffectOptions {
  /** Signal number. */
  signalNumber: number;
  timeoutMs: number;
}

/** What CRIU saves or brings back only when told so; the same for a checkpoint and its restore. */
export interface CheckpointAllowances {
  /** Keep established TCP connections; the network is cut off while the container is away. */
  tcpEstablished?: boolean;
  /** Let established TCP connections end. */
  tcpClose?: boolean;
  /** Leave out connections that are just being accepted. */
  tcpSkipInFlight?: boolean;
  fileLocks?: boolean;
  /** Let unix sockets whose other end is outside be. */
  externalUnixSockets?: boolean;
  /** Keep deleted files that have other names by linking them; default true. */
  linkRemap?: boolean;
  /** Largest deleted but open file that is saved; default 64 MiB. */
  ghostLimitBytes?: number;
}

/** What may be allowed in another try when CRIU says that it is needed. */
export type RetryAllowance = 'linkRemap' | 'ghostLimit' | 'tcpEstablished' | 'fileLocks';

export interface CheckpointOptions extends EffectOptions {
  then: 'stop' | 'leave-running';
  /** Its number. Default, and where that one is taken: one more than the highest. */
  id?: number;
  /** Which of the earlier ones stay. Default: none. */
  retention?: RetentionPolicy;
  /** Save the writable layer too although it ends, so that it can be restored more than once. Default: false. */
  repeatable?: boolean;
  /** It stays until it is removed by name. Default: false. */
  pin?: boolean;
  /** Copies of memory while it runs, so that it stands still only for what has changed since. Default: none. */
  preDumps?: number;
  allowances?: CheckpointAllowances;
  /** What another try may allow when CRIU says that it is needed and nobody has forbidden it. Default: what harms nobody. */
  retryWith?: readonly RetryAllowance[];
  /** It will be exported there: whether that can be is found out before anything stands still. */
  archive?: ArchivePlace;
  /** For the whole of it; then the container goes on as before. Default: 10 minutes. */
  timeoutMs?: number;
  /** Told while memory is written. */
  onProgress?: (progress: PagesProgress) => void;
}

/** An archive that a kept checkpoint is to become. */
export interface ArchivePlace {
  /** Absolute. What is there is replaced when the new one is complete. */
  file: string;
  compression: ArchiveCompression;
  /** `rootfs`: what the container has changed in its root filesystem; `volumes`: its named volumes. */
  leaveOut: readonly ('rootfs' | 'volumes')[];
}

export type ArchiveCompression = 'zstd' | 'gzip' | 'none';

export interface ExportOptions extends EffectOptions, ArchivePlace {
  /** Number of the checkpoint. Default: the newest. */
  checkpoint?: number;
  /** Bytes that have been written of how many, uncompressed. */
  onProgress?: (progress: { bytes: number; totalBytes: number }) => void;
}

export interface ExportResult {
  file: string;
  /** Of the file. */
  bytes: number;
  uncompressedBytes: number;
  durationMs: number;
}

export interface PagesProgress {
  /** Of memory, on disk. */
  bytes: number;
  /** Of how many, near enough; null where nobody knows. */
  totalBytes: number | null;
}

export interface CheckpointResult {
  details: CheckpointDetails;
  /** All that are there now, newest first. */
  kept: readonly CheckpointDetails[];
  /** Milliseconds by stage, in their order: `prepare`, `freeze`, `dump`, … and `total`. */
  durationsMs: Record<string, number>;
}

export interface RestoreOptions extends EffectOptions {
  /** Number of the checkpoint. Default: the newest one. */
  checkpoint?: number;
  /** In place of it the directory of a checkpoint from elsewhere, laid out as a kept one. */
  from?: string;
  /** Path of an archive, of ours or podman's. The root filesystem then begins with the image and what the archive says. */
  archive?: string;
  /** Told while an archive is unpacked. */
  onProgress?: (progress: PagesProgress) => void;
  /** Reasons to refuse it that do not count. */
  ignore?: readonly OverlookedReason[];
  /** Default: those of the checkpoint. */
  allowances?: CheckpointAllowances;
  /** For the whole of it. Default: 10 minutes. */
  timeoutMs?: number;
}

export interface RestoreResult {
  pid: number;
  statistics: CriuRestoreStatistics | null;
  durationsMs: Record<string, number>;
}

/** A complete checkpoint on disk. */
export interface CheckpointDetails {
  /** Holds `images/`, what else was saved, logs and statistics. */
  directory: string;
  /** Among those of its container. */
  id: number;
  createdAt: string;
  /** The container went on, so its files may have changed since. */
  leftRunning: boolean;
  /** Its files were saved with it: a restore does not use it up. */
  repeatable: boolean;
  /** No policy removes it. */
  pinned: boolean;
  allowances: CheckpointAllowances;
  statistics: CriuDumpStatistics | null;
  /** Bytes on disk. */
  sizes: { images: number; memoryPages: number; total: number };
  /** Where it was made. */
  host: {
    kernel: string;
    architecture: string;
    cgroups: string;
    bootId: string;
    criu: string;
    runtime: string;
  };
  /** Digest of the image's configuration; null with `spec.rootfs`. */
  imageId: string | null;
}

export interface ContainerObservation {
  /** `absent`: nothing of it is on the host but perhaps its writable layer. `prepared`: mounts or directories, but no process. */
  status: 'absent' | 'prepared' | 'created' | 'running' | 'paused' | 'stopped';
  pid: number | null;
  /** Known when the monitor has written the exit file. */
  exit: ContainerExit | null;
  /** False when conmon is gone although the process has not ended. */
  monitorAlive: boolean;
}

export interface ExecOptions {
  command: readonly string[];
  timeoutMs: number;
  signal?: AbortSignal;
  /** Bytes of output kept; the rest is dropped. Default: 64 KiB. */
  maxOutputBytes?: number;
}

export interface ExecResult {
  exitCode: number;
  output: string;
  timedOut: boolean;
}

/** What the host has and can do. */
export interface HostFacts {
  cgroups: 'v1' | 'hybrid' | 'v2';
  /** How cgroups are made: by systemd where it runs the host, else by writing to cgroupfs. */
  cgroupManager: 'cgroupfs' | 'systemd';
  /** Controllers that can be used, as in /proc/cgroups or cgroup.controllers. */
  controllers: readonly string[];
  runtime: { name: string; path: string; version: string };
  conmon: { path: string; version: string };
  kernel: string;
  architecture: string;
  hostname: string;
  bootId: string;
  /** Absolute paths of tools, or null when they are missing. */
  tools: Readonly<
    Record<
      'criu' | 'skopeo' | 'netavark' | 'aardvark-dns' | 'catatonit' | 'tar' | 'git' | 'busctl',
      string | null
    >
  >;
  seccomp: boolean;
  appArmor: boolean;
  seLinux: boolean;
}
