import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  hasErrno,
  MOVE_MOUNT_F_EMPTY_PATH,
  O_DIRECTORY,
  O_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  S_IFDIR,
  S_IFMT,
} from '../../native/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';

/**
 * A mount of `subPath` of a volume that nobody can redirect later: the path is resolved once, beneath the volume, and the file
 * that was found is mounted by its descriptor. A missing sub-path is made as a directory, as on a cluster.
 */
export async function bindBeneath(
  context: ContainerContext,
  volume: string,
  subPath: string,
  index: number,
): Promise<string> {
  const { kernel } = context.parts;
  const volumeFd = kernel.openat2(AT_FDCWD, volume, { flags: O_PATH | O_DIRECTORY });
  let found: number | null = null;
  let tree: number | null = null;
  try {
    found = openOrMake(context, volumeFd, volume, subPath);
    tree = kernel.openTree(found, '', OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    const isDirectory = (kernel.fstatat(found, '', AT_EMPTY_PATH).mode & S_IFMT) === S_IFDIR;
    const target = path.join(context.paths.bundle, 'sub-paths', String(index));
    await (isDirectory
      ? mkdir(target, { recursive: true })
      : mkdir(path.dirname(target), { recursive: true }).then(() => writeFile(target, '')));
    kernel.moveMount(tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
    return target;
  } finally {
    for (const fd of [tree, found, volumeFd]) if (fd !== null) kernel.close(fd);
  }
}

function openOrMake(context: ContainerContext, volumeFd: number, volume: string, subPath: string): number {
  const { kernel } = context.parts;
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
          kernel.mkdirat(parent ?? volumeFd, parts[depth - 1] ?? '', 0o755);
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
