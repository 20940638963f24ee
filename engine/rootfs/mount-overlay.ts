import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  hasErrno,
  MNT_DETACH,
  MOVE_MOUNT_F_EMPTY_PATH,
  O_DIRECTORY,
  O_PATH,
  UMOUNT_NOFOLLOW,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';

/** The parts of an overlay (Documentation/filesystems/overlayfs.rst). */
export interface Overlay {
  /** Lowest first, as the layers of an image. */
  lowers: readonly string[];
  /** Where changes go, with a directory for the kernel's own use; without them the overlay is read-only. */
  upper?: string;
  work?: string;
  /** SELinux label of all files of it, in place of their own. */
  context?: string;
}

/** Mounts the overlay at `target`, with nodev as only attribute: suid programs of an image keep their meaning. */
export function mountOverlay(kernel: Kernel, overlay: Overlay, target: string, attributes: number): void {
  const context = kernel.fsopen('overlay', FSOPEN_CLOEXEC);
  try {
    try {
      // Kernels before 6.8 take all lower directories in one string, of which fsconfig(2) allows 255 bytes.
      for (const lower of [...overlay.lowers].reverse()) {
        kernel.fsconfig(context, FSCONFIG_SET_STRING, 'lowerdir+', lower);
      }
    } catch (error) {
      if (!hasErrno(error, 'EINVAL')) throw error;
      mountByOneString(kernel, overlay, target, attributes);
      return;
    }
    for (const [key, value] of [
      ['upperdir', overlay.upper],
      ['workdir', overlay.work],
      ['context', overlay.context],
    ] as const) {
      if (value !== undefined) kernel.fsconfig(context, FSCONFIG_SET_STRING, key, value);
    }
    kernel.fsconfig(context, FSCONFIG_CMD_CREATE, null, null);
    const mount = kernel.fsmount(context, FSMOUNT_CLOEXEC, attributes);
    try {
      kernel.moveMount(mount, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
    } finally {
      kernel.close(mount);
    }
  } finally {
    kernel.close(context);
  }
}

/** mount(2) takes a page of options; descriptors keep each of up to some 150 layers short. */
function mountByOneString(kernel: Kernel, overlay: Overlay, target: string, attributes: number): void {
  const fds: number[] = [];
  try {
    for (const lower of [...overlay.lowers].reverse()) {
      fds.push(kernel.openat2(AT_FDCWD, lower, { flags: O_PATH | O_DIRECTORY }));
    }
    const lowerdir = fds.map((fd) => `/proc/self/fd/${String(fd)}`).join(':');
    // The attribute bits of fsmount(2) up to noexec are the flags of mount(2).
    kernel.mount(
      'overlay',
      target,
      'overlay',
      attributes,
      [
        `lowerdir=${lowerdir}`,
        ...(overlay.upper === undefined ? [] : [`upperdir=${overlay.upper}`]),
        ...(overlay.work === undefined ? [] : [`workdir=${overlay.work}`]),
        // In quotes: there are commas in it.
        ...(overlay.context === undefined ? [] : [`context="${overlay.context}"`]),
      ].join(','),
    );
  } finally {
    for (const fd of fds) kernel.close(fd);
  }
}

/** Unmounts what is mounted at `target`, as often as something is; nothing mounted, or no such path, is no error. */
export function unmountAll(kernel: Kernel, target: string): void {
  for (;;) {
    try {
      kernel.umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
    } catch (error) {
      if (hasErrno(error, 'EINVAL', 'ENOENT')) return;
      throw error;
    }
  }
}
