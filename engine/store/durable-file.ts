import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { createLinuxKernel, hasErrno } from '../../native/index.ts';

/**
 * Replaces `file` as a whole, so that after a crash at any instant it holds the old or the new content: write to a temporary
 * name, fsync(2), rename(2), fsync the directory. Resolves when the content is on stable storage.
 */
export async function writeDurably(file: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const directory = path.dirname(file);
  const unique = randomBytes(6).toString('hex');
  const temporary = path.join(directory, `${TEMPORARY_PREFIX}${path.basename(file)}.${unique}`);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  await createLinuxKernel().replaceFile(directory, temporary, file, bytes, mode);
}

/** Removes `file` durably; one that is not there is no error. */
export async function removeDurably(file: string): Promise<void> {
  try {
    await createLinuxKernel().removeFile(path.dirname(file), file);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

/** fsync(2) of a directory: makes renames and removals in it durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How the names of unfinished files begin: they are leftovers of a crash, to be ignored and removed. */
export const TEMPORARY_PREFIX = '.tmp-';
