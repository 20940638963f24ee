import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CheckpointDetails } from '../../contract/checkpoint-details.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';

/** Bytes of a checkpoint, as they stand on disk; the pages of memory are part of the images, and these of the whole. */
export async function measureSizes(directory: string): Promise<CheckpointDetails['sizes']> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const images = path.join(directory, CHECKPOINT_FILES.images);
  const sizes = { images: 0, memoryPages: 0, total: 0 };
  await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const { blocks } = await stat(path.join(entry.parentPath, entry.name));
        const bytes = blocks * BLOCK_BYTES;
        sizes.total += bytes;
        const isPreDump = path.basename(entry.parentPath).startsWith(CHECKPOINT_FILES.preDump);
        if (entry.parentPath !== images && !(isPreDump && path.dirname(entry.parentPath) === directory))
          return;
        sizes.images += bytes;
        if (entry.name.startsWith('pages-')) sizes.memoryPages += bytes;
      }),
  );
  return sizes;
}

/** Of st_blocks, stat(2). */
const BLOCK_BYTES = 512;
