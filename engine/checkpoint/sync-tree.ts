import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** fsync(2) of every file and directory below `directory`, and of itself: what is renamed afterwards is there whole, or not at all. */
export async function syncTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() || entry.isDirectory());
  await Promise.all(files.map((entry) => syncPath(path.join(entry.parentPath, entry.name))));
  await syncPath(directory);
}

export async function syncPath(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
