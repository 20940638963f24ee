import type { EffectOptions } from './effects.ts';

/** An archive that a kept checkpoint is to become. */
export interface ArchivePlace {
  /** Absolute. What is there is replaced when the new one is complete. */
  file: string;
  compression: ArchiveCompression;
  /** `rootfs`: what the container has changed in its root filesystem; `volumes`: its named volumes. */
  leaveOut: readonly ('rootfs' | 'volumes')[];
}

/** One that will follow. */
export interface PlannedArchive extends Omit<ArchivePlace, 'file'> {
  /** Null: in the store of images, which is below the root. */
  file: string | null;
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
