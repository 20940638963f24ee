import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { changeTree } from '../volume/tree-ownership.ts';

const ATTRIBUTE = 'security.selinux';

/**
 * Gives the label to a file, or to a directory with all that is in it, on its file system. The top comes last, so that one that
 * has the label is a tree that was done before: it is left alone.
 */
export async function labelTree(kernel: Kernel, top: string, label: string): Promise<void> {
  if (labelAt(kernel, top) === label) return;
  // The kernel keeps the NUL that libselinux writes.
  const value = Buffer.from(`${label}\0`);
  await changeTree(kernel, top, (fd, status, place) => {
    try {
      kernel.lsetxattr(place, ATTRIBUTE, value, 0);
    } catch (error) {
      // A file system that has no labels of its own: what it is mounted with counts.
      if (!hasErrno(error, 'ENOTSUP', 'EROFS')) throw error;
    }
  });
}

/** The label of a file, a link itself; null for none. */
export function labelAt(kernel: Kernel, file: string): string | null {
  try {
    return kernel.lgetxattr(file, ATTRIBUTE).toString('utf8').replace(/\0$/, '');
  } catch (error) {
    if (hasErrno(error, 'ENODATA', 'ENOTSUP')) return null;
    throw error;
  }
}
