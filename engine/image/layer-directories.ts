import {
  hasErrno,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_XDEV,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { splitPath } from './entry-path.ts';

/**
 * How paths of a layer are followed: symbolic links that the same layer brought are, but the kernel lets none lead out of the
 * layer (openat2(2)), whatever happens to the tree in the meantime.
 */
export const RESOLVE_IN_LAYER = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

const MAX_OPEN = 64;
const IMPLIED_MODE = 0o755;

/** The directories of a layer that is being unpacked, by descriptor, so that most entries need no path to be walked. */
export class LayerDirectories {
  readonly #kernel: Kernel;
  readonly #root: number;
  /** Least recently used first. */
  readonly #open = new Map<string, number>();
  #stale = false;
  #lastPath = '';
  #lastFd: number;

  constructor(kernel: Kernel, root: number) {
    this.#kernel = kernel;
    this.#root = root;
    this.#lastFd = root;
  }

  /**
   * A descriptor (O_PATH) of the directory at `path`, made with its parents when it is missing; '' is the root. It is valid
   * until the next call.
   */
  open(path: string): number {
    if (this.#stale) this.close();
    if (path === this.#lastPath) return this.#lastFd;
    const fd = path === '' ? this.#root : this.#openCached(path);
    this.#lastPath = path;
    this.#lastFd = fd;
    return fd;
  }

  /** Must follow the removal of a directory or symbolic link: paths may mean something else now. Takes effect with `open`. */
  forget(): void {
    this.#stale = true;
  }

  close(): void {
    for (const fd of this.#open.values()) this.#kernel.close(fd);
    this.#open.clear();
    this.#stale = false;
    this.#lastPath = '';
    this.#lastFd = this.#root;
  }

  #openCached(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    const fd = this.#openOrMake(path);
    this.#open.set(path, fd);
    if (this.#open.size > MAX_OPEN) this.#closeOldest();
    return fd;
  }

  #openOrMake(path: string): number {
    try {
      return this.#openBeneath(path);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    const { directory, base } = splitPath(path);
    const parent = directory === '' ? this.#root : this.#openCached(directory);
    this.#kernel.mkdirat(parent, base, IMPLIED_MODE);
    // The umask has been taken off.
    this.#kernel.fchmodat(parent, base, IMPLIED_MODE);
    return this.#openBeneath(path);
  }

  #openBeneath(path: string): number {
    return this.#kernel.openat2(this.#root, path, { flags: O_PATH | O_DIRECTORY, resolve: RESOLVE_IN_LAYER });
  }

  #closeOldest(): void {
    for (const [path, fd] of this.#open) {
      this.#open.delete(path);
      this.#kernel.close(fd);
      return;
    }
  }
}
