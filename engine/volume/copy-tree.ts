import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';

/** Whose files are in the copy: the ids of the original, or those of another view of the same users. */
export interface OwnerChange {
  uid(id: number): number;
  gid(id: number): number;
}

export const SAME_OWNERS: OwnerChange = { uid: (id) => id, gid: (id) => id };

const MODE_BITS = 0o7777;
const RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

/**
 * Copies everything in the directory `from` into the directory `to` (descriptors), with owners, modes, times, extended
 * attributes, devices and hard links. No link is followed on either side: every name is opened beneath its own directory.
 */
export async function copyTree(
  kernel: Kernel,
  from: number,
  to: number,
  owners: OwnerChange = SAME_OWNERS,
): Promise<void> {
  const copier = new TreeCopier(kernel, to, owners);
  await copier.copyDirectory(from, to, '');
}

/** Gives the directory `to` owner, mode, extended attributes and times of the directory `from`. */
export function copyDirectoryStatus(
  kernel: Kernel,
  from: number,
  to: number,
  owners: OwnerChange = SAME_OWNERS,
): void {
  const status = kernel.fstatat(from, '', AT_EMPTY_PATH);
  kernel.fchownat(to, '', owners.uid(status.uid), owners.gid(status.gid), AT_EMPTY_PATH);
  kernel.fchmodat(to, '.', status.mode & MODE_BITS);
  copyAttributes(kernel, pathOf(from, '.'), pathOf(to, '.'));
  kernel.utimensat(to, '.', status.atimeNs, status.mtimeNs, 0);
}

class TreeCopier {
  readonly #kernel: Kernel;
  readonly #top: number;
  readonly #owners: OwnerChange;
  /** `dev:ino` of files with several names → path of the copy below the top. */
  readonly #linked = new Map<string, string>();

  constructor(kernel: Kernel, top: number, owners: OwnerChange) {
    this.#kernel = kernel;
    this.#top = top;
    this.#owners = owners;
  }

  async copyDirectory(from: number, to: number, place: string): Promise<void> {
    const kernel = this.#kernel;
    const list = kernel.openat2(from, '.', { flags: O_RDONLY | O_DIRECTORY, resolve: RESOLVE });
    let names: string[];
    try {
      names = kernel.readDirectory(list);
    } finally {
      kernel.close(list);
    }
    for (const name of names) await this.#copyEntry(from, to, name, place === '' ? name : `${place}/${name}`);
  }

  async #copyEntry(from: number, to: number, name: string, place: string): Promise<void> {
    const kernel = this.#kernel;
    const status = kernel.fstatat(from, name, AT_SYMLINK_NOFOLLOW);
    const type = status.mode & S_IFMT;
    if (type !== S_IFDIR && status.nlink > 1) {
      const key = `${String(status.dev)}:${String(status.ino)}`;
      const first = this.#linked.get(key);
      if (first !== undefined) {
        kernel.linkat(this.#top, first, to, name, 0);
        return;
      }
      this.#linked.set(key, place);
    }
    if (type === S_IFDIR) {
      await this.#copySubdirectory(from, to, name, place);
    } else if (type === S_IFREG) {
      await this.#copyFile(from, to, name);
    } else if (type === S_IFLNK) {
      kernel.symlinkat(kernel.readlinkat(from, name), to, name);
    } else {
      kernel.mknodat(to, name, type | 0o600, { major: status.rdevMajor, minor: status.rdevMinor });
    }
    this.#describe(from, to, name, status);
  }

  async #copySubdirectory(from: number, to: number, name: string, place: string): Promise<void> {
    const kernel = this.#kernel;
    kernel.mkdirat(to, name, 0o700);
    const how = { flags: O_PATH | O_DIRECTORY | O_NOFOLLOW, resolve: RESOLVE | RESOLVE_NO_XDEV };
    const source = kernel.openat2(from, name, how);
    try {
      const target = kernel.openat2(to, name, { flags: how.flags, resolve: RESOLVE });
      try {
        await this.copyDirectory(source, target, place);
      } finally {
        kernel.close(target);
      }
    } finally {
      kernel.close(source);
    }
  }

  /** The new name is made with O_EXCL, so nothing that was put there meanwhile is written through. */
  async #copyFile(from: number, to: number, name: string): Promise<void> {
    const kernel = this.#kernel;
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    const source = kernel.openat2(from, name, { flags, resolve: RESOLVE });
    try {
      const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
      await copyFile(`/proc/self/fd/${String(source)}`, pathOf(to, name), COPYFILE_EXCL | COPYFILE_FICLONE);
    } finally {
      kernel.close(source);
    }
  }

  /** Owner first: changing it clears set-id bits and file capabilities. */
  #describe(from: number, to: number, name: string, status: FileStatus): void {
    const kernel = this.#kernel;
    const owners = this.#owners;
    kernel.fchownat(to, name, owners.uid(status.uid), owners.gid(status.gid), AT_SYMLINK_NOFOLLOW);
    if ((status.mode & S_IFMT) !== S_IFLNK) setMode(kernel, to, name, status.mode & MODE_BITS);
    copyAttributes(kernel, pathOf(from, name), pathOf(to, name));
    kernel.utimensat(to, name, status.atimeNs, status.mtimeNs, AT_SYMLINK_NOFOLLOW);
  }
}

/** By a descriptor that is no link's: chmod(2) of a name would follow one. */
function setMode(kernel: Kernel, directory: number, name: string, mode: number): void {
  const fd = kernel.openat2(directory, name, { flags: O_PATH | O_NOFOLLOW, resolve: RESOLVE });
  try {
    kernel.fchmodat(AT_FDCWD, `/proc/self/fd/${String(fd)}`, mode);
  } finally {
    kernel.close(fd);
  }
}

/** Those of overlayfs say something of layers, and labels are the policy's of this host. */
function copyAttributes(kernel: Kernel, from: string, to: string): void {
  for (const name of kernel.llistxattr(from)) {
    if (/^(?:trusted|user)\.overlay\./.test(name) || name === 'security.selinux') continue;
    try {
      kernel.lsetxattr(to, name, kernel.lgetxattr(from, name), 0);
    } catch (error) {
      // A file system without them is no reason to do without the files, unless programs break without them.
      if (name === 'security.capability' || !hasErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) throw error;
    }
  }
}

function pathOf(directory: number, name: string): string {
  return `/proc/self/fd/${String(directory)}/${name}`;
}
