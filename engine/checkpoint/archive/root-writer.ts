import { fchmodSync, fchownSync } from 'node:fs';
import {
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
} from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { entryPath, hardLinkPath, splitPath } from '../../image/entry-path.ts';
import { explainFailure } from '../../image/explain-failure.ts';
import { setLayerAttributes } from '../../image/layer-attributes.ts';
import { LayerDirectories, RESOLVE_IN_LAYER } from '../../image/layer-directories.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerFile } from '../../image/layer-file.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import { PendingDirectories } from '../../image/pending-directories.ts';
import type { TarSink } from '../../image/tar-reader.ts';
import { removeBeneath } from './remove-beneath.ts';

const MAX_DIRECTORY_NAME_BYTES = 64 << 20;

/**
 * Makes the entries of an archive in a directory that is in use as a root filesystem, in place of what is there: unlike a layer
 * it has no whiteouts, and directories stay. Every name is resolved beneath `root` by the kernel, and nothing that is mounted
 * below it is entered.
 */
export class RootWriter implements TarSink {
  readonly #kernel: Kernel;
  readonly #root: number;
  readonly #devices: 'refuse' | 'allow';
  readonly #directories: LayerDirectories;
  readonly #pending = new PendingDirectories(MAX_DIRECTORY_NAME_BYTES);
  #file: LayerFile | null = null;

  constructor(kernel: Kernel, root: number, devices: 'refuse' | 'allow') {
    this.#kernel = kernel;
    this.#root = root;
    this.#devices = devices;
    this.#directories = new LayerDirectories(kernel, root);
  }

  begin(entry: LayerEntry): void {
    this.#attempt(entry, () => {
      const path = entryPath(entry.name);
      if (path === '') return;
      const { directory, base } = splitPath(path);
      this.#make(entry, { path, parent: this.#directories.open(directory), base });
    });
  }

  data(piece: Buffer): void {
    const file = this.#file;
    if (file === null) return;
    this.#attempt(file.entry, () => {
      file.write(piece);
    });
  }

  end(): void {
    const file = this.#file;
    if (file === null) return;
    const { entry, directory, base, fd } = file;
    this.#attempt(entry, () => {
      // Writing and changing the owner both clear file capabilities and set-id bits: the order matters.
      fchownSync(fd, entry.uid, entry.gid);
      fchmodSync(fd, entry.mode);
      this.#setAttributes(entry, directory, base);
    });
    this.#closeFile();
  }

  /** After the last entry: directories get their modes and times. */
  finish(): void {
    this.#pending.finish(this.#kernel, this.#root);
  }

  close(): void {
    this.#closeFile();
    this.#directories.close();
  }

  #make(entry: LayerEntry, place: { path: string; parent: number; base: string }): void {
    const { path, parent, base } = place;
    switch (entry.type) {
      case 'directory':
        this.#makeDirectory(path, parent, base);
        this.#pending.add(path, entry);
        this.#kernel.fchownat(parent, base, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
        setLayerAttributes(this.#kernel, entry, pathBy(parent, base), true);
        break;
      case 'file':
        this.#openFile(entry, path, parent, base);
        break;
      case 'hardlink':
        this.#link(entry, path, parent, base);
        break;
      case 'symlink':
        this.#replacing(path, () => {
          this.#kernel.symlinkat(entry.linkTarget, parent, base);
        });
        this.#describe(entry, parent, base);
        break;
      case 'fifo':
        this.#makeNode(entry, S_IFIFO, place);
        break;
      case 'character':
        this.#makeNode(entry, S_IFCHR, place);
        break;
      case 'block':
        this.#makeNode(entry, S_IFBLK, place);
        break;
    }
  }

  #makeDirectory(path: string, parent: number, base: string): void {
    try {
      this.#kernel.mkdirat(parent, base, 0o700);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    const found = this.#kernel.fstatat(parent, base, AT_SYMLINK_NOFOLLOW);
    if ((found.mode & S_IFMT) === S_IFDIR) return;
    removeBeneath(this.#kernel, this.#root, path);
    this.#kernel.mkdirat(parent, base, 0o700);
  }

  #openFile(entry: LayerEntry, path: string, parent: number, base: string): void {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const how = { flags, mode: 0o600, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    this.#replacing(path, () => {
      this.#file = new LayerFile(entry, parent, base, this.#kernel.openat2(parent, base, how));
    });
    this.#file?.reserve();
  }

  #link(entry: LayerEntry, path: string, parent: number, base: string): void {
    const target = splitPath(hardLinkPath(entry.name, entry.linkTarget));
    const how = { flags: O_PATH | O_DIRECTORY, resolve: RESOLVE_IN_LAYER };
    const from = this.#kernel.openat2(this.#root, target.directory === '' ? '.' : target.directory, how);
    try {
      const source = this.#kernel.fstatat(from, target.base, AT_SYMLINK_NOFOLLOW);
      if (this.#isSame(parent, base, source)) return;
      this.#replacing(path, () => {
        this.#kernel.linkat(from, target.base, parent, base, 0);
      });
    } finally {
      this.#kernel.close(from);
    }
  }

  /** To replace a file by a link to itself would remove the only name that it has. */
  #isSame(parent: number, base: string, source: { dev: number; ino: number }): boolean {
    try {
      const found = this.#kernel.fstatat(parent, base, AT_SYMLINK_NOFOLLOW);
      return found.ino === source.ino && found.dev === source.dev;
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  #makeNode(entry: LayerEntry, type: number, place: { path: string; parent: number; base: string }): void {
    const { path, parent, base } = place;
    if (type !== S_IFIFO) {
      if (this.#devices === 'refuse')
        throw new LayerRefusal(entry.name, 'is a device node, which is not allowed here');
      if (entry.device.major === 0 && entry.device.minor === 0)
        throw new LayerRefusal(entry.name, 'is a whiteout');
    }
    this.#replacing(path, () => {
      this.#kernel.mknodat(parent, base, type | 0o600, entry.device);
    });
    this.#describe(entry, parent, base);
  }

  #describe(entry: LayerEntry, parent: number, base: string): void {
    this.#kernel.fchownat(parent, base, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
    // A symbolic link has no mode of its own, and fchmodat would follow it.
    if (entry.type !== 'symlink') this.#kernel.fchmodat(parent, base, entry.mode);
    this.#setAttributes(entry, parent, base);
  }

  #setAttributes(entry: LayerEntry, parent: number, base: string): void {
    setLayerAttributes(this.#kernel, entry, pathBy(parent, base), true);
    this.#kernel.utimensat(parent, base, entry.mtimeNs, entry.mtimeNs, AT_SYMLINK_NOFOLLOW);
  }

  /** Runs `make`, which makes the name; when something is there already, it gives way. */
  #replacing(path: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      removeBeneath(this.#kernel, this.#root, path);
      // It may have been a directory, or a link to one, that later entries go through.
      this.#directories.forget();
      make();
    }
  }

  #attempt(entry: LayerEntry, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof LayerRefusal) throw error;
      throw explainFailure(entry.name, error);
    }
  }

  #closeFile(): void {
    if (this.#file !== null) this.#kernel.close(this.#file.fd);
    this.#file = null;
  }
}

function pathBy(directory: number, name: string): string {
  return `/proc/self/fd/${String(directory)}/${name}`;
}
