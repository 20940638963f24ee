import type { ImageSource } from '../../criu/image/image-source.ts';
import type { KnownFile } from '../archive/archive-member.ts';

/** What there is to look at in a checkpoint: an archive that is not unpacked, or a directory. */
export interface CheckpointContents {
  /** Path of the archive or directory. */
  path: string;
  layout: 'archive' | 'directory';
  images: ImageSource;
  /** When CRIU has written it: the time of its inventory, for no engine's documents say it. */
  madeAt: Date | null;
  /** The documents beside the images, whole. */
  documents: ReadonlyMap<KnownFile, Buffer>;
  /** Bytes, uncompressed, by what they are. */
  sizes: ContentSizes;
  /** What is in rootfs-diff.tar. */
  rootfsChanges: RootfsChanges;
}

export interface ContentSizes {
  total: number;
  images: number;
  /** Part of the images: the pages of memory. */
  memoryPages: number;
  rootfsDiff: number;
  sharedMemory: number;
  /** By the name of the volume. */
  volumes: Record<string, number>;
}

export interface RootfsChanges {
  count: number;
  /** The first ones, in the order of the archive. */
  first: ChangedFile[];
}

export interface ChangedFile {
  path: string;
  type: 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';
  sizeBytes: number;
}

/** Documents that are kept whole to be read; the others are only measured. */
export const READ_DOCUMENTS: ReadonlySet<KnownFile> = new Set<KnownFile>([
  'config.dump',
  'spec.dump',
  'network.status',
  'stats-dump',
  'deleted.files',
  'environment.json',
  'status.dump',
]);

export function emptySizes(): ContentSizes {
  return { total: 0, images: 0, memoryPages: 0, rootfsDiff: 0, sharedMemory: 0, volumes: {} };
}
