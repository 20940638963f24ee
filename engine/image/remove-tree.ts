import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  hasErrno,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  RENAME_NOREPLACE,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';

/** System calls between two turns of the event loop: about a millisecond. */
const CALLS_PER_TURN = 200;

/**
 * Removes a directory with all that is in it, on one file system; one that is not there is no error. Follows no symbolic link,
 * and needs two descriptors however deep the tree is: paths deeper than PATH_MAX, which a container can make, cannot be named
 * at all, so that every directory is moved up to the top before it is emptied.
 */
export async function removeTree(kernel: Kernel, directory: string): Promise<void> {
  let top: number;
  try {
    top = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    await emptyTop(kernel, top);
  } finally {
    kernel.close(top);
  }
  kernel.unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
}

async function emptyTop(kernel: Kernel, top: number): Promise<void> {
  let moved = 0;
  let calls = 0;
  const moveUp = (from: number, name: string): string => {
    for (;;) {
      const upName = `.tsctr-removed-${String(moved++)}`;
      try {
        kernel.renameat2(from, name, top, upName, RENAME_NOREPLACE);
        return upName;
      } catch (error) {
        if (!hasErrno(error, 'EEXIST')) throw error;
      }
    }
  };
  const waiting: string[] = [];
  const empty = async (fd: number, isTop: boolean): Promise<void> => {
    for (const name of kernel.readDirectory(fd)) {
      if (++calls % CALLS_PER_TURN === 0) await nextTurn();
      if (!removeOne(kernel, fd, name)) waiting.push(isTop ? name : moveUp(fd, name));
    }
  };
  await empty(top, true);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const how = {
      flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
      resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    const fd = kernel.openat2(top, name, how);
    try {
      await empty(fd, false);
    } finally {
      kernel.close(fd);
    }
    kernel.unlinkat(top, name, AT_REMOVEDIR);
  }
}

/** False when it is a directory that is not empty. */
function removeOne(kernel: Kernel, directory: number, name: string): boolean {
  try {
    kernel.unlinkat(directory, name, 0);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (!hasErrno(error, 'EISDIR', 'EPERM')) throw error;
  }
  try {
    kernel.unlinkat(directory, name, AT_REMOVEDIR);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    return false;
  }
}
