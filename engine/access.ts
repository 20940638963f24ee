import type { GivenData, SpecPreview } from './container/preview-spec.ts';
import type { ContainerRequest, ResolvedImage } from '../schemas/index.ts';
import type { Engine } from './contract/engine.ts';

/** An engine that lets people look into its containers as well. */
export interface EngineWithAccess extends Engine {
  readonly access: ContainerAccess;
}

/**
 * Looking into containers and working inside of them, for people and tools. Nothing of this changes what a container is, so
 * it needs neither the daemon nor the lock of the root.
 */
export interface ContainerAccess {
  /** Starts a process in the running container, under a monitor of its own. */
  execSession(request: ContainerRequest, options: ExecSessionOptions): Promise<ExecSession>;
  /** The sessions that run, and those that ended and were detached. */
  execSessions(request: ContainerRequest): Promise<ExecSessionInfo[]>;
  /** Connects to the standard streams of the container's own first process. */
  attach(request: ContainerRequest, streams: AttachStreams): Promise<AttachEnd>;
  /** Sets the size of the container's own terminal. */
  resize(request: ContainerRequest, size: TerminalSize): Promise<void>;
  /** Begins a new log file when the current one has more than `maxBytes`; keeps `keep` old ones. True when it did. */
  rotateLog(request: ContainerRequest, options: { maxBytes: number; keep: number }): Promise<boolean>;
  /** Makes the monitor open its log file anew, after somebody else has moved it away. */
  reopenLog(request: ContainerRequest): Promise<void>;
  /** Bytes of the image's layers, and of what the container wrote on top of them. */
  size(request: ContainerRequest): Promise<ContainerSize>;
  /** What is different from the image, in the order of paths. */
  changes(request: ContainerRequest): Promise<FileChange[]>;
  /** Writes the whole root filesystem, without mounts, as a tar archive. */
  exportFilesystem(request: ContainerRequest, output: NodeJS.WritableStream): Promise<void>;
  /**
   * The OCI spec that a creation would use, secrets masked, and where each part comes from. `given`: data that is not kept yet.
   */
  previewSpec(request: ContainerRequest, given?: GivenData): Promise<SpecPreview>;
  /** The image in the store by that name, or null. */
  findImage(reference: string): Promise<ResolvedImage | null>;
  /** The processes in the container's cgroup, in the order of pids. */
  processes(request: ContainerRequest): Promise<ContainerProcess[]>;
}

export interface ExecSessionOptions {
  command: readonly string[];
  /** `user` or `user:group`, by name or number. Default: the container's. */
  user?: string;
  /** Added to the container's environment, or in place of a variable of the same name. */
  env?: Readonly<Record<string, string>>;
  /** Absolute path in the container. Default: the container's. */
  cwd?: string;
  tty?: boolean;
  /** Whether its input is a pipe that can be written to; otherwise it is empty. */
  stdin?: boolean;
  /** Nobody attaches; it goes on after this process has ended, and its output goes nowhere. */
  detach?: boolean;
  size?: TerminalSize;
}

export interface ExecSession {
  readonly id: string;
  /** In the PID namespace of the host. */
  readonly pid: number;
  /** Streams until the process ends or the reader detaches. Not for detached sessions, and once only. */
  attach(streams: AttachStreams): Promise<AttachEnd>;
  resize(size: TerminalSize): Promise<void>;
  /** Sends a signal (a number) to the process. Ends quietly when that has ended. */
  signal(signal: number): void;
  /** The exit code, 128 + n when signal n ended it, -1 when the monitor is gone; afterwards nothing of the session is left. */
  wait(): Promise<number>;
  /** Lets go of it without waiting. */
  release(): void;
}

export interface ExecSessionInfo {
  id: string;
  command: readonly string[];
  startedAt: string;
  /** Null before it started and after it ended. */
  pid: number | null;
  /** Null while it runs. */
  exitCode: number | null;
}

/** In characters. */
export interface TerminalSize {
  rows: number;
  columns: number;
}

export interface AttachStreams {
  /** Null: nothing is sent. Its end closes the input of the process. */
  stdin: NodeJS.ReadableStream | null;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** Keys that end the connection and leave the process running: `ctrl-p,ctrl-q`. Default: none. */
  detachKeys?: string;
  /** Ends the connection and leaves the process running. */
  signal?: AbortSignal;
}

/** `ended`: the process closed its output; `detached`: by keys or signal. */
export type AttachEnd = 'ended' | 'detached';

export interface ContainerSize {
  imageBytes: number;
  ownBytes: number;
}

export interface FileChange {
  kind: 'added' | 'changed' | 'deleted';
  /** Absolute, in the container. */
  path: string;
}

export interface ContainerProcess {
  pid: number;
  /** Pid in the container's own PID namespace. */
  innerPid: number;
  parentPid: number;
  uid: number;
  state: string;
  /** Processor time used, in milliseconds. */
  cpuMs: number;
  residentBytes: number;
  startedAt: string;
  command: string;
}
