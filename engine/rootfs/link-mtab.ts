import { AT_SYMLINK_NOFOLLOW, hasErrno, O_DIRECTORY, O_PATH } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { MTAB_PATH, MTAB_TARGET } from '../files/mtab.ts';
import { openInRoot } from './read-in-root.ts';

/**
 * Makes /etc/mtab a link to /proc/mounts where the root filesystem has none: mount(8) and df(1) of older images read it. Links
 * of the image are followed within `root` and nowhere else; one without /etc gets nothing.
 */
export function linkMtab(
  kernel: Kernel,
  root: string,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): void {
  const [directory, name] = [
    MTAB_PATH.slice(0, MTAB_PATH.lastIndexOf('/')),
    MTAB_PATH.split('/').at(-1) ?? '',
  ];
  let fd: number;
  try {
    fd = openInRoot(kernel, root, directory, O_PATH | O_DIRECTORY);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
  try {
    // A dangling link of the image's own counts as one that it has.
    kernel.fstatat(fd, name, AT_SYMLINK_NOFOLLOW);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    kernel.symlinkat(MTAB_TARGET, fd, name);
    kernel.fchownat(fd, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
  } finally {
    kernel.close(fd);
  }
}
