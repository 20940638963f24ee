import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';

/** A configuration file of the host. */
export interface HostDocument {
  /** Name without its directory. */
  name: string;
  file: string;
  text: string;
}

/** The files of a directory whose names end in one of `endings`, sorted by name; none when there is no such directory. */
export async function readHostDocuments(
  directory: string,
  endings: readonly string[],
): Promise<HostDocument[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending))).sort();
  return Promise.all(
    wanted.map(async (name) => {
      const file = path.join(directory, name);
      return { name, file, text: await readFile(file, 'utf8') };
    }),
  );
}
