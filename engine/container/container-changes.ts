import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { FileChange } from '../access.ts';
import { MTAB_PATH } from '../files/mtab.ts';

/** Files and directories that the engine and the runtime put into every container, as mount points and the like. */
export const NOT_ITS_OWN: ReadonlySet<string> = new Set([
  '/dev',
  '/proc',
  '/sys',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/run/.containerenv',
  MTAB_PATH,
]);

/** Marks a directory of an upper layer that hides all below it (Documentation/filesystems/overlayfs.rst). */
const OPAQUE = 'trusted.overlay.opaque';

/**
 * What the writable layer `upper` changes of the layers below it, `lowers` (topmost first), in the order of paths. `ignored`
 * are paths in the container that the engine itself has put there. A directory counts as changed when something in it, its
 * owner or its mode is different.
 */
export async function listChanges(
  kernel: Kernel,
  { upper, lowers, ignored }: { upper: string; lowers: readonly string[]; ignored: ReadonlySet<string> },
): Promise<FileChange[]> {
  const changes = await changesBelow({ kernel, ignored }, { upper, lowers, inside: '/', replaces: false });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Comparison {
  kernel: Kernel;
  ignored: ReadonlySet<string>;
}

/** One directory of the upper layer, and what it is to be compared with. */
interface ComparedDirectory {
  upper: string;
  /** The directories of the lower layers that are merged here, topmost first. */
  lowers: readonly string[];
  /** Its path in the container. */
  inside: string;
  /** It, or one above it, is opaque: nothing of the lower layers shows through. */
  replaces: boolean;
}

async function changesBelow(comparison: Comparison, directory: ComparedDirectory): Promise<FileChange[]> {
  const { kernel, ignored } = comparison;
  const changes: FileChange[] = [];
  for (const entry of await readdir(directory.upper, { withFileTypes: true })) {
    const inside = path.posix.join(directory.inside, entry.name);
    if (ignored.has(inside)) continue;
    const upper = path.join(directory.upper, entry.name);
    const below = await lookUp(kernel, directory.lowers, entry.name);
    if (await isWhiteout(entry, upper)) {
      if (below.exists) changes.push({ kind: 'deleted', path: inside });
      continue;
    }
    const replaces = directory.replaces || (entry.isDirectory() && isOpaque(kernel, upper));
    const within = entry.isDirectory()
      ? await changesBelow(comparison, { upper, lowers: below.directories, inside, replaces })
      : [];
    const [lower] = below.directories;
    const isSame =
      entry.isDirectory() && lower !== undefined && within.length === 0 && (await hasSameOwner(upper, lower));
    if (!isSame) changes.push({ kind: below.exists ? 'changed' : 'added', path: inside });
    changes.push(...within);
  }
  return directory.replaces ? [...changes, ...(await hiddenBy(comparison, directory))] : changes;
}

async function hasSameOwner(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one), lstat(other)]);
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

interface LowerEntry {
  exists: boolean;
  /** The directories that are merged under that name, topmost first; none when it is something else. */
  directories: string[];
}

/** What `name` is in the merged view of `lowers`. */
async function lookUp(kernel: Kernel, lowers: readonly string[], name: string): Promise<LowerEntry> {
  const found: LowerEntry = { exists: false, directories: [] };
  for (const lower of lowers) {
    const file = path.join(lower, name);
    const status = await lstatOrNull(file);
    if (status === null) continue;
    const whiteout = status.isCharacterDevice() && status.rdev === 0;
    if (!whiteout) found.exists = true;
    // Anything but a directory ends the merging, and the topmost one decides what it is.
    if (!status.isDirectory()) return found;
    found.directories.push(file);
    if (isOpaque(kernel, file)) return found;
  }
  return found;
}

/** What a directory that replaces one of the image no longer shows. */
async function hiddenBy(
  { kernel, ignored }: Comparison,
  { upper, lowers, inside: directory }: ComparedDirectory,
): Promise<FileChange[]> {
  const kept = new Set(await readdir(upper));
  const names = new Set((await Promise.all(lowers.map((lower) => readdir(lower)))).flat());
  const hidden: FileChange[] = [];
  for (const name of names) {
    const inside = path.posix.join(directory, name);
    if (kept.has(name) || ignored.has(inside)) continue;
    if ((await lookUp(kernel, lowers, name)).exists) hidden.push({ kind: 'deleted', path: inside });
  }
  return hidden;
}

/** A character device 0/0. */
async function isWhiteout(entry: Dirent, file: string): Promise<boolean> {
  return entry.isCharacterDevice() && (await lstat(file)).rdev === 0;
}

function isOpaque(kernel: Kernel, directory: string): boolean {
  try {
    return kernel.lgetxattr(directory, OPAQUE).toString() === 'y';
  } catch (error) {
    if (hasErrno(error, 'ENODATA', 'EOPNOTSUPP', 'ENOTSUP')) return false;
    throw error;
  }
}

async function lstatOrNull(file: string) {
  try {
    return await lstat(file);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
