import { readFile } from 'node:fs/promises';
import type { Configuration } from '../../schemas/index.ts';

/** What concerns the host as a whole. A file that is not there says nothing; one that is wrong ends the command. */
export async function readConfiguration(file: string): Promise<Partial<Configuration>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  // Only who has such a file pays for reading it.
  const { loadConfiguration } = await import('../../schemas/index.ts');
  return loadConfiguration(text, file);
}
