import type { CriuDumpStatistics } from '../../schemas/index.ts';
import type { CheckpointAllowances } from './checkpoint-allowances.ts';

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
