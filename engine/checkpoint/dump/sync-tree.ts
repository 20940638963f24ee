import { readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** What others may have written and not yet synced, for the whole file system to be synced with the tree. */
const FOREIGN_BYTES = 64 << 20;

/**
 * Makes every file and directory below `directory` durable, and itself: what is renamed afterwards is there whole, or not at all.
 * A checkpoint has some sixty files, and fsync(2) of each waits for the disk: syncfs(2) of the file system takes a third of the
 * time, unless others have left much to be written.
 */
export async function syncTree(kernel: Kernel, directory: string): Promise<void> {
  // They have just been written: what they are is in memory.
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const ownBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  if ((await unwrittenBytes()) <= ownBytes + FOREIGN_BYTES) {
    await syncFileSystem(kernel, directory);
    return;
  }
  await Promise.all(files.map(syncPath));
  await syncPath(directory);
}

/** Of the whole host; proc_meminfo(5). */
async function unwrittenBytes(): Promise<number> {
  const text = await readAtOnce('/proc/meminfo').catch(() => '');
  const found = [...text.matchAll(/^(?:Dirty|Writeback):\s+(\d+) kB$/gm)];
  if (found.length === 0) return Infinity;
  return found.reduce((sum, [, kibibytes]) => sum + Number(kibibytes) * 1024, 0);
}

async function syncFileSystem(kernel: Kernel, directory: string): Promise<void> {
  const fd = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY });
  try {
    await kernel.syncfs(fd);
  } finally {
    kernel.close(fd);
  }
}

export async function syncPath(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
