import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOVE_MOUNT_F_EMPTY_PATH,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { isMountPoint } from './is-mount-point.ts';

/** Mounts a tmpfs(5) with the given options; does nothing when something is mounted there. Default attributes: nosuid, nodev, noexec. */
export function mountTmpfs(
  kernel: Kernel,
  target: string,
  options: Readonly<Record<string, string>>,
  attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
): void {
  if (isMountPoint(target)) return;
  const context = kernel.fsopen('tmpfs', FSOPEN_CLOEXEC);
  try {
    for (const [key, value] of Object.entries(options))
      kernel.fsconfig(context, FSCONFIG_SET_STRING, key, value);
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
