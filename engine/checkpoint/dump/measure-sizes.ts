import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CheckpointDetails } from '../../contract/checkpoint-details.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';

/**
 * Bytes of a checkpoint, as they stand on disk; the pages of memory are part of the images, and these of the whole. Measured at once: the
 * processes stand still meanwhile, and the files have just been written.
 */
export function measureSizes(directory: string): CheckpointDetails['sizes'] {
  const images = path.join(directory, CHECKPOINT_FILES.images);
  const sizes = { images: 0, memoryPages: 0, total: 0 };
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = statSync(path.join(entry.parentPath, entry.name)).blocks * BLOCK_BYTES;
    sizes.total += bytes;
    const isPreDump = path.basename(entry.parentPath).startsWith(CHECKPOINT_FILES.preDump);
    if (entry.parentPath !== images && !(isPreDump && path.dirname(entry.parentPath) === directory)) continue;
    sizes.images += bytes;
    if (entry.name.startsWith('pages-')) sizes.memoryPages += bytes;
  }
  return sizes;
}

/** Of st_blocks, stat(2). */
const BLOCK_BYTES = 512;
