import type { CriuAllowances } from '../../criu/options.ts';

/** One thing that keeps a container from being checkpointed. */
export interface Obstacle {
  /** The same word for the same thing, in two or three syllables: the first column of the report. */
  kind: ObstacleKind;
  /** False: CRIU may be able to do it; only the attempt tells. */
  isCertain: boolean;
  /** In the container's PID namespace; null when no single process is to blame. */
  pid: number | null;
  command: string | null;
  /** A sentence without a full stop. */
  problem: string;
  /** What to do about it; begins with a verb. */
  fix: string;
  /** What the checkpoint must allow, where that is all that is missing. */
  allowance: keyof CriuAllowances | null;
}

export type ObstacleKind =
  | 'io_uring'
  | 'tcp'
  | 'unix socket'
  | 'socket'
  | 'lock'
  | 'deleted file'
  | 'outside file'
  | 'terminal'
  | 'inotify'
  | 'device'
  | 'descriptor'
  | 'namespace'
  | 'mount'
  | 'traced'
  | 'stuck'
  | 'exec';

export interface PreflightOptions {
  allowances: CriuAllowances;
  /** Places in the container that are mounted from the host, and are there again at restore. */
  externalMounts: ReadonlySet<string>;
  /** Version of CRIU as [major, minor], and release of the kernel, `6.12.9`; null where they are not known. */
  criu: readonly [number, number] | null;
  kernel: string;
}

export interface PreflightReport {
  canCheckpoint: boolean;
  obstacles: readonly Obstacle[];
  /** What could not be looked at, and why. */
  unchecked: readonly string[];
}
