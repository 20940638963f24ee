import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  S_IFDIR,
  S_IFMT,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { attachTree, cloneTree, tryMapOwners } from '../rootfs/id-mapped-mount.ts';

export interface BeneathRequest {
  /** The volume on the host. */
  volume: string;
  /** Path within it; empty for the volume itself. */
  subPath: string;
  /** Where it is mounted; made here. */
  target: string;
  /** A file of the user namespace that owners are shown for; null: as they are. */
  userNamespace: string | null;
  /** Owner of what is made. */
  owner: { uid: number; gid: number };
}

/**
 * A mount of a volume, or of a path in it, that nobody can redirect later: the path is resolved once, beneath the volume, and
 * the file that was found is mounted by its descriptor. A missing sub-path is made as a directory, as on a cluster.
 */
export async function bindBeneath(kernel: Kernel, request: BeneathRequest): Promise<string> {
  const { volume, subPath, target } = request;
  const volumeFd = kernel.openat2(AT_FDCWD, volume, { flags: O_PATH });
  let found: number | null = null;
  let tree: number | null = null;
  try {
    found = subPath === '' ? null : openOrMake(kernel, volumeFd, request);
    const file = found ?? volumeFd;
    tree = cloneTree(kernel, file);
    if (request.userNamespace !== null && !tryMapOwners(kernel, tree, request.userNamespace)) {
      throw new EngineError('HOST_UNSUITABLE', `mount ${volume}: its file system has no id-mapped mounts`, {
        hint: 'set idmap: false for this mount',
      });
    }
    const isDirectory = (kernel.fstatat(file, '', AT_EMPTY_PATH).mode & S_IFMT) === S_IFDIR;
    await (isDirectory
      ? mkdir(target, { recursive: true })
      : mkdir(path.dirname(target), { recursive: true }).then(() => writeFile(target, '')));
    attachTree(kernel, tree, target);
    return target;
  } finally {
    for (const fd of [tree, found, volumeFd]) if (fd !== null) kernel.close(fd);
  }
}

function openOrMake(kernel: Kernel, volumeFd: number, { volume, subPath, owner }: BeneathRequest): number {
  const open = (relative: string): number =>
    kernel.openat2(volumeFd, relative, { flags: O_PATH, resolve: RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS });
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
  try {
    for (let depth = 1; depth <= parts.length; depth++) {
      const relative = parts.slice(0, depth).join('/');
      try {
        kernel.close(open(relative));
      } catch (error) {
        if (!hasErrno(error, 'ENOENT')) throw error;
        const parent = depth === 1 ? null : open(parts.slice(0, depth - 1).join('/'));
        try {
          const name = parts[depth - 1] ?? '';
          kernel.mkdirat(parent ?? volumeFd, name, 0o755);
          kernel.fchownat(parent ?? volumeFd, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
        } finally {
          if (parent !== null) kernel.close(parent);
        }
      }
    }
    return open(parts.length === 0 ? '.' : parts.join('/'));
  } catch (error) {
    throw new EngineError(
      'UNSAFE_PATH',
      `mount sub-path ${subPath} of ${volume}: it leads out of the volume or cannot be opened`,
      {
        cause: error,
      },
    );
  }
}
