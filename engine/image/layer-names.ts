import { AT_SYMLINK_NOFOLLOW, hasErrno, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT } from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';
import { setLayerAttributes } from './layer-attributes.ts';
import type { LayerDirectories } from './layer-directories.ts';
import type { LayerEntry } from './layer-entry.ts';

export interface LayerNamesOptions {
  kernel: Kernel;
  directories: LayerDirectories;
  /** Descriptor of a directory on the same file system for what later entries replace; its owner empties it. */
  trash: number;
  /** False: everything belongs to the caller, and overlay marks are in `user.`. */
  privileged: boolean;
}

/**
 * What is done to one name in one directory of a layer. `parent` is the descriptor of the directory, `name` a single
 * component: nothing here follows a symbolic link.
 */
export class LayerNames {
  readonly #options: LayerNamesOptions;
  readonly #kernel: Kernel;
  #trashed = 0;

  constructor(options: LayerNamesOptions) {
    this.#options = options;
    this.#kernel = options.kernel;
  }

  /** Runs `make`, which makes the name; when something is there already, it gives way, as with `tar -x`. */
  replacing(parent: number, name: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      this.discard(parent, name, this.status(parent, name));
      make();
    }
  }

  makeDirectory(parent: number, name: string): void {
    try {
      this.#kernel.mkdirat(parent, name, 0o700);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const found = this.status(parent, name);
      if (found !== null && isType(found, S_IFDIR)) return;
      this.discard(parent, name, found);
      this.#kernel.mkdirat(parent, name, 0o700);
      // The same layer hides what lies below and puts something new there: nothing of the old may shine through.
      if (found !== null && isWhiteout(found)) this.markOpaque(parent, name);
    }
  }

  /** A whiteout of what the same layer also has says only that nothing of the layers below is to be seen there. */
  hide(parent: number, name: string): void {
    try {
      this.#kernel.mknodat(parent, name, S_IFCHR, { major: 0, minor: 0 });
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const found = this.status(parent, name);
      if (found !== null && isType(found, S_IFDIR)) this.markOpaque(parent, name);
    }
  }

  /** Nothing of the layers below is to be seen in the directory. */
  markOpaque(parent: number, name: string): void {
    const attribute = this.#options.privileged ? 'trusted.overlay.opaque' : 'user.overlay.opaque';
    this.#kernel.lsetxattr(pathBy(parent, name), attribute, Buffer.from('y'), 0);
  }

  discard(parent: number, name: string, found: FileStatus | null): void {
    if (found === null) return;
    if (isType(found, S_IFDIR)) {
      this.#kernel.renameat2(parent, name, this.#options.trash, String(this.#trashed++), 0);
    } else {
      this.#kernel.unlinkat(parent, name, 0);
    }
    if (isType(found, S_IFDIR) || isType(found, S_IFLNK)) this.#options.directories.forget();
  }

  status(parent: number, name: string): FileStatus | null {
    try {
      return this.#kernel.fstatat(parent, name, AT_SYMLINK_NOFOLLOW);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  setOwner({ uid, gid }: LayerEntry, parent: number, name: string): void {
    if (this.#options.privileged) this.#kernel.fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW);
  }

  setAttributes(entry: LayerEntry, parent: number, name: string): void {
    setLayerAttributes(this.#kernel, entry, pathBy(parent, name), this.#options.privileged);
  }

  setTime({ mtimeNs }: LayerEntry, parent: number, name: string): void {
    this.#kernel.utimensat(parent, name, mtimeNs, mtimeNs, AT_SYMLINK_NOFOLLOW);
  }
}

function pathBy(directory: number, name: string): string {
  return `/proc/self/fd/${String(directory)}/${name}`;
}

function isType(status: FileStatus, type: number): boolean {
  return (status.mode & S_IFMT) === type;
}

function isWhiteout(status: FileStatus): boolean {
  return isType(status, S_IFCHR) && status.rdevMajor === 0 && status.rdevMinor === 0;
}
