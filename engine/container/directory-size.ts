import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';

/** Bytes of all files below a directory as their sizes say, each inode once; 0 when it is not there. Links are not followed. */
export async function directorySize(directory: string): Promise<number> {
  return sizeBelow(directory, new Set());
}

async function sizeBelow(directory: string, seen: Set<string>): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(directory)) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        bytes += await sizeBelow(file, seen);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const status = await lstat(file);
        const inode = `${status.dev}:${status.ino}`;
        if (status.nlink > 1 && seen.has(inode)) continue;
        seen.add(inode);
        bytes += status.size;
      }
    }
  } catch (error) {
    // A running container removes files while they are counted.
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
  return bytes;
}
