import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  hasErrno,
  MOUNT_ATTR_IDMAP,
  MOVE_MOUNT_F_EMPTY_PATH,
  O_RDONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';

/** What is cloned: the file or directory of a descriptor, or a path. */
export type TreeSource = number | string;

/** A detached bind mount, open_tree(2). `recursive`: with what is mounted below. The caller closes it. */
export function cloneTree(kernel: Kernel, source: TreeSource, options: { recursive?: boolean } = {}): number {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (options.recursive === true ? AT_RECURSIVE : 0);
  return typeof source === 'string'
    ? kernel.openTree(AT_FDCWD, source, flags)
    : kernel.openTree(source, '', flags | AT_EMPTY_PATH);
}

/**
 * Makes the owners of files in the detached mount appear as the user namespace maps them, mount_setattr(2): what belongs to
 * id 0 on disk belongs to the root of the namespace. False where the file system or the kernel cannot.
 */
export function tryMapOwners(kernel: Kernel, tree: number, userNamespace: string): boolean {
  const userNamespaceFd = kernel.openat2(AT_FDCWD, userNamespace, { flags: O_RDONLY });
  try {
    kernel.mountSetattr(tree, '', AT_EMPTY_PATH, { set: MOUNT_ATTR_IDMAP, userNamespaceFd });
    return true;
  } catch (error) {
    // EINVAL: the file system has no support; EOPNOTSUPP, ENOSYS: the kernel is older than 5.12.
    if (hasErrno(error, 'EINVAL', 'EOPNOTSUPP', 'ENOSYS')) return false;
    throw error;
  } finally {
    kernel.close(userNamespaceFd);
  }
}

/** Whether mounts of this file or directory can map owners. */
export function canMapOwners(kernel: Kernel, source: TreeSource, userNamespace: string): boolean {
  const tree = cloneTree(kernel, source);
  try {
    return tryMapOwners(kernel, tree, userNamespace);
  } finally {
    kernel.close(tree);
  }
}

/** Puts the detached mount at `target`, which exists and is of the same kind. */
export function attachTree(kernel: Kernel, tree: number, target: string): void {
  kernel.moveMount(tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}
