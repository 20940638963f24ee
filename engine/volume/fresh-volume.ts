import { mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, hasErrno, O_DIRECTORY, O_PATH } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { openInRoot } from '../rootfs/read-in-root.ts';
import { copyDirectoryStatus, copyTree } from './copy-tree.ts';
import type { OwnerChange } from './copy-tree.ts';

/** What a fresh volume takes over from the container that first mounts it. */
export interface FirstUse {
  kernel: Kernel;
  /** The container's root filesystem on the host, and where in it the volume is mounted. */
  rootfs: string;
  containerPath: string;
  /** Whether what lies there is copied. */
  copy: boolean;
  /** The container's user, as it is on disk: owner of a volume that covers nothing. */
  owner: { uid: number; gid: number };
  /** From the owners in the root filesystem to those on the volume. */
  owners: OwnerChange;
}

/**
 * Fills the empty directory `data` with what the image has at the mount point, and gives it that one's owner, mode and times,
 * unless `keepStatus` says that it has its own.
 * Links of the image are followed within its root only. The copy is made beside it and put in place as a whole, so that a crash
 * leaves an empty volume and not half a copy; where `data` is a mount of its own it is copied in. Does nothing when `data` has
 * anything in it. True when it did.
 */
export async function fillFreshVolume(
  use: FirstUse,
  data: string,
  options: { canReplace: boolean; keepStatus?: boolean },
): Promise<boolean> {
  if ((await readdir(data)).length > 0) return false;
  const { kernel } = use;
  const covered = openCovered(use);
  try {
    if (covered === null) {
      if (options.keepStatus !== true) kernel.fchownat(AT_FDCWD, data, use.owner.uid, use.owner.gid, 0);
      return true;
    }
    if (!use.copy || !options.canReplace) {
      await into(kernel, data, async (target) => {
        if (use.copy) await copyTree(kernel, covered, target, use.owners);
        if (options.keepStatus !== true) copyDirectoryStatus(kernel, covered, target, use.owners);
      });
      return true;
    }
    const copying = path.join(path.dirname(data), `${path.basename(data)}.copying`);
    await kernel.removeTree(copying);
    await mkdir(copying, { mode: 0o700 });
    await into(kernel, copying, async (target) => {
      await copyTree(kernel, covered, target, use.owners);
      copyDirectoryStatus(kernel, covered, target, use.owners);
    });
    await rename(copying, data);
    return true;
  } finally {
    if (covered !== null) kernel.close(covered);
  }
}

async function into(kernel: Kernel, directory: string, action: (fd: number) => Promise<void>): Promise<void> {
  const fd = kernel.openat2(AT_FDCWD, directory, { flags: O_PATH | O_DIRECTORY });
  try {
    await action(fd);
  } finally {
    kernel.close(fd);
  }
}

/** The directory that the volume covers; null where the image has none. */
function openCovered({ kernel, rootfs, containerPath }: FirstUse): number | null {
  try {
    return openInRoot(kernel, rootfs, containerPath, O_PATH | O_DIRECTORY);
  } catch (error) {
    // ELOOP: a link that goes in a circle, or one of the kernel's magic ones.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return null;
    throw error;
  }
}
