import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  hasErrno,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';

/**
 * CRIU wants the new root as a mount point of its own that is private and whose parent nobody has mounted over: a recursive
 * bind mount of the root filesystem in the bundle. It keeps what this mount is: of a read-only root CRIU knows nothing.
 */
export function mountRestoreRoot(
  kernel: Kernel,
  rootfs: string,
  bundle: string,
  options: { readOnly: boolean },
): string {
  const target = path.join(bundle, 'criu-root');
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const tree = kernel.openTree(AT_FDCWD, rootfs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  try {
    kernel.mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, { propagation: MS_PRIVATE });
    if (options.readOnly) kernel.mountSetattr(tree, '', AT_EMPTY_PATH, { set: MOUNT_ATTR_RDONLY });
    kernel.moveMount(tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  } finally {
    kernel.close(tree);
  }
  return target;
}

/** The restored processes have their own copy. Safe when nothing is mounted. */
export function unmountRestoreRoot(kernel: Kernel, bundle: string): void {
  const target = path.join(bundle, 'criu-root');
  unmountAll(kernel, target);
  try {
    rmdirSync(target);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}
