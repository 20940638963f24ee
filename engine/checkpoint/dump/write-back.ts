import { open } from 'node:fs/promises';
import { SYNC_FILE_RANGE_WRITE } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { pagesIn } from './watch-pages.ts';

const STEP_MS = 30;
/** What is smaller is on disk about as quickly by the last sync alone. */
const LEAST_BYTES = 32 << 20;

/**
 * Lets the disk write the pages while CRIU still dumps others, so that the sync at the end has little left to do: by itself the
 * kernel begins seconds later. Nothing relies on it: what fails here fails again, and counts, at that sync.
 */
export function writeBackMeanwhile(kernel: Kernel, images: string): () => Promise<void> {
  let under: Promise<void> | null = null;
  const timer = setInterval(() => {
    under ??= writeBack(kernel, images)
      .catch(() => undefined)
      .finally(() => (under = null));
  }, STEP_MS);
  return async () => {
    clearInterval(timer);
    await under;
  };
}

async function writeBack(kernel: Kernel, images: string): Promise<void> {
  for (const { file, size } of pagesIn(images)) {
    if (size < LEAST_BYTES) continue;
    const handle = await open(file, 'r');
    try {
      await kernel.syncFileRange(handle.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    } finally {
      await handle.close();
    }
  }
}
