import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { FileMap } from './data-files.ts';

/** The link to the generation of files that counts. */
const CURRENT = '..data';

/** Owner of everything in the directory, as it is on disk. */
export interface DataOwner {
  uid: number;
  gid: number;
}

/**
 * Makes `directory` hold exactly these files, all at once for who reads them: they lie in a directory of their own, a link
 * `..data` to it is replaced in one step, and each name at the top is a link through it, as on a cluster. May be called again
 * with other files while containers have the volume mounted.
 */
export async function writeDataFiles(directory: string, files: FileMap, owner: DataOwner): Promise<void> {
  const generation = `..${randomBytes(8).toString('hex')}`;
  const fresh = path.join(directory, generation);
  await mkdir(fresh, { mode: 0o755 });
  await chown(fresh, owner.uid, owner.gid);
  for (const [name, { data, mode }] of files) {
    const file = path.join(fresh, name);
    if (!file.startsWith(`${fresh}/`)) {
      throw new EngineError('BAD_REQUEST', `write ${name}: expected a path within the volume`);
    }
    await makeParents(fresh, path.dirname(file), owner);
    await writeFile(file, data, { mode: 0o600 });
    await chown(file, owner.uid, owner.gid);
    // Not by way of writeFile, whose mode the umask narrows.
    await chmod(file, mode);
  }
  const old = await readlink(path.join(directory, CURRENT)).catch(() => null);
  const swap = path.join(directory, '..data_new');
  await rm(swap, { force: true });
  await symlink(generation, swap);
  await rename(swap, path.join(directory, CURRENT));
  await setNames(directory, files);
  if (old !== null && old !== generation) {
    await rm(path.join(directory, old), { recursive: true, force: true });
  }
}

/** One link for each first part of a path; those of files that are gone are removed. */
async function setNames(directory: string, files: FileMap): Promise<void> {
  const wanted = new Set([...files.keys()].map((name) => path.normalize(name).split('/')[0] ?? ''));
  const present = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  for (const name of present) if (!wanted.has(name)) await rm(path.join(directory, name), { force: true });
  for (const name of wanted) {
    if (!present.includes(name)) await symlink(path.join(CURRENT, name), path.join(directory, name));
  }
}

async function makeParents(top: string, directory: string, owner: DataOwner): Promise<void> {
  const missing: string[] = [];
  for (let each = directory; each !== top; each = path.dirname(each)) missing.unshift(each);
  for (const each of missing) {
    await mkdir(each, { recursive: true, mode: 0o755 });
    await chown(each, owner.uid, owner.gid);
  }
}
