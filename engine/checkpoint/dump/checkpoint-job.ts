import type { ContainerContext } from '../../container/container-context.ts';
import type { CheckpointOptions } from '../../contract/checkpoint-options.ts';
import type { CriuVersion } from '../../criu/features.ts';
import type { CriuNetworkLock } from '../../../schemas/index.ts';
import type { Stopwatch } from '../stopwatch.ts';

export const CHECKPOINT_TIMEOUT_MS = 600_000;

/** One try to save a container. */
export interface CheckpointJob {
  readonly context: ContainerContext;
  /** Number of the checkpoint. */
  readonly id: number;
  /** For errors: `checkpoint container/web`. */
  readonly operation: string;
  readonly options: CheckpointOptions;
  /** Of the container's first process. */
  readonly pid: number;
  readonly wasPaused: boolean;
  readonly version: CriuVersion;
  readonly watch: Stopwatch;
  /** Takes away what a run leaves behind. */
  readonly cleanup: () => Promise<void>;
  /** How connections are cut off, in place of what the host has for it. */
  readonly networkLock?: CriuNetworkLock;
}

/** What is paused changes no memory: to copy it before would be of no use. */
export function preDumpsOf({ options, wasPaused }: CheckpointJob): number {
  return wasPaused ? 0 : (options.preDumps ?? 0);
}

/** Who goes on changes the files at once; else they stay where they are until the restore. */
export function isWithFiles({ then, repeatable = false }: CheckpointOptions): boolean {
  return then === 'leave-running' || repeatable;
}
