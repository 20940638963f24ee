import type { CriuRestoreStatistics, OverlookedReason } from '../../schemas/index.ts';
import type { RetentionPolicy } from '../checkpoint/kept/retention.ts';
import type { CheckpointAllowances, RetryAllowance } from './checkpoint-allowances.ts';
import type { PlannedArchive } from './checkpoint-archive.ts';
import type { CheckpointDetails } from './checkpoint-details.ts';
import type { EffectOptions } from './effects.ts';

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
  archive?: PlannedArchive;
  /** For the whole of it; then the container goes on as before. Default: 10 minutes. */
  timeoutMs?: number;
  /** Told while memory is written. */
  onProgress?: (progress: PagesProgress) => void;
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
  /** Tries before it that CRIU could not do; mostly none. */
  retries: readonly MadeRetry[];
}

/** A try that failed, and with what the next one was made. */
export interface MadeRetry {
  /** A word that does not change: `deleted-file-too-large`. */
  cause: string;
  with: readonly RetryAllowance[];
}

export interface RestoreOptions extends EffectOptions {
  /** Number of the checkpoint. Default: the newest one. */
  checkpoint?: number;
  /** In place of it the directory of a checkpoint from elsewhere, laid out as a kept one. */
  from?: string;
  /** Path of an archive, of ours or podman's. The root filesystem then begins with the image and what the archive says. */
  archive?: string;
  /** In place of an archive the image of a checkpoint, which is in the store. */
  image?: string;
  /** Told while an archive is unpacked. */
  onProgress?: (progress: PagesProgress) => void;
  /** Reasons to refuse it that do not count. */
  ignore?: readonly OverlookedReason[];
  /** It runs before all of its memory has come. Default: false. */
  lazyPages?: boolean;
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
