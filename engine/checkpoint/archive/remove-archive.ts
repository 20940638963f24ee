import { lstat } from 'node:fs/promises';
import { removeDurably } from '../../store/durable-file.ts';
import { removeTemporaries } from './archive-output.ts';

/** Removes an archive of that size, in bytes; what has another one was put there by somebody else. None is no error. */
export async function removeArchive(file: string, bytes: number): Promise<void> {
  await removeTemporaries(file);
  const present = await lstat(file).catch(() => null);
  if (present?.isFile() === true && present.size === bytes) await removeDurably(file);
}
