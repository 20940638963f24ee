import type { ContainerExit, ContainerRequest } from '../../schemas/index.ts';
import type { PreflightReport } from '../checkpoint/preflight/find-obstacles.ts';
import type { CheckpointAllowances } from './checkpoint-allowances.ts';
import type { ExportOptions, ExportResult } from './checkpoint-archive.ts';
import type { CheckpointDetails } from './checkpoint-details.ts';
import type {
  CheckpointOptions,
  CheckpointResult,
  RestoreOptions,
  RestoreResult,
} from './checkpoint-options.ts';
import type { EffectOptions } from './effects.ts';

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
  /** Makes of the running container what can change in place: limits, name servers, values of config maps and secrets. */
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
  /** Removes an archive that was exported, unless what is there has another size: then somebody else has put it there. */
  removeArchive(file: string, bytes: number): Promise<void>;
  /** Public key that archives are signed with, `ed25519:…`; made when there is none yet. */
  archiveKey(): Promise<string>;
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

export interface StopOptions extends EffectOptions {
  /** Signal number. */
  signalNumber: number;
  timeoutMs: number;
}

export interface ContainerObservation {
  /** `absent`: nothing of it is on the host but perhaps its writable layer. `prepared`: mounts or directories, but no process. */
  status: 'absent' | 'prepared' | 'created' | 'running' | 'paused' | 'stopped';
  pid: number | null;
  /** Known when the monitor has written the exit file. */
  exit: ContainerExit | null;
  /** False when conmon is gone although the process has not ended. */
  monitorAlive: boolean;
  /** Of a stopped one: false when its process ended before it was started. */
  hasRun?: boolean;
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
