import {
  AT_REMOVEDIR,
  hasErrno,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { splitPath } from '../../image/entry-path.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';

/** Neither out of the root, nor over a link, nor into something that is mounted there. */
const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
/** Deeper than any path that has a name. */
const MAX_DEPTH = 2048;

/**
 * Removes the file or directory at `path` below `root` (a descriptor), with all that is in it; what is not there is no error.
 * Follows no link. The directory keeps its times, as these were saved, too. Directories of an overlay cannot be moved away, so they are emptied in place.
 */
export function removeBeneath(kernel: Kernel, root: number, path: string): void {
  const { directory, base } = splitPath(path);
  const parent = openBeneath(kernel, root, directory === '' ? '.' : directory, O_PATH);
  if (parent === null) return;
  try {
    const { atimeNs, mtimeNs } = kernel.fstatat(parent, '.', 0);
    if (removeName(kernel, parent, base, 0)) kernel.utimensat(parent, '.', atimeNs, mtimeNs, 0);
  } catch (error) {
    if (error instanceof LayerRefusal) throw error;
    throw new LayerRefusal(path, 'cannot be removed', { cause: error });
  } finally {
    kernel.close(parent);
  }
}

/** False when it was not there. */
function removeName(kernel: Kernel, parent: number, name: string, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new LayerRefusal(name, 'is in a directory that is too deep to be removed');
  try {
    kernel.unlinkat(parent, name, 0);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    if (!hasErrno(error, 'EISDIR', 'EPERM')) throw error;
  }
  const fd = openBeneath(kernel, parent, name, O_RDONLY);
  if (fd === null) return false;
  try {
    for (const inner of kernel.readDirectory(fd)) removeName(kernel, fd, inner, depth + 1);
  } finally {
    kernel.close(fd);
  }
  kernel.unlinkat(parent, name, AT_REMOVEDIR);
  return true;
}

/** Null when it is not there. */
function openBeneath(kernel: Kernel, root: number, path: string, access: number): number | null {
  try {
    return kernel.openat2(root, path, { flags: access | O_DIRECTORY, resolve: BENEATH });
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasErrno(error, 'ELOOP', 'EXDEV')) {
      throw new LayerRefusal(path, 'its path goes over a symbolic link, or into a mount', { cause: error });
    }
    throw error;
  }
}
