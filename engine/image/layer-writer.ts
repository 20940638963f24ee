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
  S_IFIFO,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { entryPath, hardLinkPath, splitPath } from './entry-path.ts';
import { explainFailure } from './explain-failure.ts';
import { LayerDirectories, RESOLVE_IN_LAYER } from './layer-directories.ts';
import type { LayerEntry } from './layer-entry.ts';
import { LayerFile } from './layer-file.ts';
import type { LayerLimits } from './layer-limits.ts';
import { LayerNames } from './layer-names.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { PendingDirectories } from './pending-directories.ts';
import type { TarSink } from './tar-reader.ts';
import { whiteoutOf } from './whiteout.ts';

export interface LayerWriterOptions {
  kernel: Kernel;
  /** Descriptor of the empty directory that becomes the layer. */
  root: number;
  /** Descriptor of a directory on the same file system for what later entries replace; its owner empties it. */
  trash: number;
  limits: LayerLimits;
  /** False: everything belongs to the caller, device nodes are refused, overlay marks are in `user.`. */
  privileged: boolean;
}

/** Owner and mode that the layer wants for the root directory. */
export interface RootStatus {
  mode: number;
  uid: number;
  gid: number;
}

const MAX_ID = 0xffff_fffe;

/**
 * Makes of the entries of a layer archive a directory for overlayfs: whiteouts become character devices 0:0, opaque
 * directories get their mark (Documentation/filesystems/overlayfs.rst), all else is as the entry says. Every name is resolved
 * beneath `root` by the kernel. Throws `LayerRefusal` that names the entry.
 */
export class LayerWriter implements TarSink {
  readonly #options: LayerWriterOptions;
  readonly #kernel: Kernel;
  readonly #directories: LayerDirectories;
  readonly #names: LayerNames;
  readonly #pending: PendingDirectories;
  #bytes = 0;
  #entries = 0;
  #rootStatus: RootStatus | null = null;
  #file: LayerFile | null = null;

  constructor(options: LayerWriterOptions) {
    const { kernel, root, trash, limits, privileged } = options;
    this.#options = options;
    this.#kernel = kernel;
    this.#directories = new LayerDirectories(kernel, root);
    this.#names = new LayerNames({ kernel, directories: this.#directories, trash, privileged });
    this.#pending = new PendingDirectories(limits.maxDirectoryNameBytes);
  }

  begin(entry: LayerEntry): void {
    this.#entries++;
    this.#bytes += entry.size;
    const { maxBytes } = this.#options.limits;
    if (this.#bytes > maxBytes) {
      throw new LayerRefusal(
        entry.name,
        `with its ${String(entry.size)} bytes the layer is larger than the limit of ${String(maxBytes)}`,
      );
    }
    attempt(entry, () => {
      this.#place(entry);
    });
  }

  data(piece: Buffer): void {
    const file = this.#file;
    if (file === null) return;
    attempt(file.entry, () => {
      file.write(piece);
    });
  }

  end(): void {
    const file = this.#file;
    if (file === null) return;
    const { entry, directory, base, fd } = file;
    attempt(entry, () => {
      // Writing and changing the owner both clear file capabilities and set-id bits: the order matters.
      if (this.#options.privileged) fchownSync(fd, entry.uid, entry.gid);
      fchmodSync(fd, entry.mode);
      this.#names.setAttributes(entry, directory, base);
      this.#names.setTime(entry, directory, base);
    });
    this.#closeFile();
  }

  /** After the last entry: directories get their modes and times. */
  finish(): { bytes: number; entries: number; root: RootStatus | null } {
    this.#pending.finish(this.#kernel, this.#options.root);
    return { bytes: this.#bytes, entries: this.#entries, root: this.#rootStatus };
  }

  /** Closes all descriptors but those of the options. */
  close(): void {
    this.#closeFile();
    this.#directories.close();
  }

  #place(entry: LayerEntry): void {
    checkOwner(entry);
    const path = entryPath(entry.name);
    if (path === '') {
      this.#placeRoot(entry);
      return;
    }
    const { directory, base } = splitPath(path);
    const whiteout = whiteoutOf(entry.name, base);
    if (whiteout?.kind === 'metadata') return;
    const parent = this.#directories.open(directory);
    if (whiteout?.kind === 'opaque') this.#names.markOpaque(parent, '.');
    else if (whiteout?.kind === 'hide') this.#names.hide(parent, whiteout.name);
    else this.#create(entry, path, parent, base);
  }

  #placeRoot(entry: LayerEntry): void {
    if (entry.type !== 'directory') {
      throw new LayerRefusal(entry.name, 'would replace the root directory of the layer');
    }
    this.#rootStatus = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
    this.#describeDirectory(entry, '', this.#options.root, '.');
  }

  #create(entry: LayerEntry, path: string, parent: number, base: string): void {
    switch (entry.type) {
      case 'directory':
        this.#names.makeDirectory(parent, base);
        this.#describeDirectory(entry, path, parent, base);
        break;
      case 'file':
        this.#openFile(entry, parent, base);
        break;
      case 'hardlink':
        this.#link(entry, parent, base);
        break;
      case 'symlink':
        this.#names.replacing(parent, base, () => {
          this.#kernel.symlinkat(entry.linkTarget, parent, base);
        });
        this.#describeNode(entry, parent, base);
        break;
      case 'fifo':
        this.#makeNode(entry, S_IFIFO, parent, base);
        break;
      case 'character':
        this.#makeNode(entry, S_IFCHR, parent, base);
        break;
      case 'block':
        this.#makeNode(entry, S_IFBLK, parent, base);
        break;
    }
  }

  #openFile(entry: LayerEntry, parent: number, base: string): void {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const how = { flags, mode: 0o600, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    this.#names.replacing(parent, base, () => {
      const fd = this.#kernel.openat2(parent, base, how);
      this.#file = new LayerFile(entry, parent, base, fd);
    });
    this.#file?.reserve();
  }

  #link(entry: LayerEntry, parent: number, base: string): void {
    const target = splitPath(hardLinkPath(entry.name, entry.linkTarget));
    // Unlike other directories that of a link's target must exist already: it is not made.
    const how = { flags: O_PATH | O_DIRECTORY, resolve: RESOLVE_IN_LAYER };
    let from = -1;
    try {
      const directory = target.directory === '' ? '.' : target.directory;
      from = this.#kernel.openat2(this.#options.root, directory, how);
      this.#linkUnlessSame(from, target.base, parent, base);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      const to = JSON.stringify(entry.linkTarget);
      throw new LayerRefusal(entry.name, `is a hard link to ${to}, which the layer does not have`, {
        cause: error,
      });
    } finally {
      if (from !== -1) this.#kernel.close(from);
    }
  }

  /** To replace a file by a link to itself would remove the only name that it has. */
  #linkUnlessSame(from: number, fromName: string, parent: number, base: string): void {
    const target = this.#kernel.fstatat(from, fromName, AT_SYMLINK_NOFOLLOW);
    const found = this.#names.status(parent, base);
    if (found?.ino === target.ino) return;
    this.#names.replacing(parent, base, () => {
      this.#kernel.linkat(from, fromName, parent, base, 0);
    });
  }

  #makeNode(entry: LayerEntry, type: number, parent: number, base: string): void {
    if (type !== S_IFIFO && !this.#options.privileged) {
      throw new LayerRefusal(entry.name, 'is a device node, which only root can make');
    }
    this.#names.replacing(parent, base, () => {
      this.#kernel.mknodat(parent, base, type | 0o600, entry.device);
    });
    this.#describeNode(entry, parent, base);
  }

  #describeNode(entry: LayerEntry, parent: number, base: string): void {
    this.#names.setOwner(entry, parent, base);
    // A symbolic link has no mode of its own, and fchmodat would follow it.
    if (entry.type !== 'symlink') this.#kernel.fchmodat(parent, base, entry.mode);
    this.#names.setAttributes(entry, parent, base);
    this.#names.setTime(entry, parent, base);
  }

  #describeDirectory(entry: LayerEntry, path: string, parent: number, base: string): void {
    this.#pending.add(path, entry);
    this.#names.setOwner(entry, parent, base);
    this.#names.setAttributes(entry, parent, base);
  }

  #closeFile(): void {
    if (this.#file !== null) this.#kernel.close(this.#file.fd);
    this.#file = null;
  }
}

function attempt(entry: LayerEntry, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof LayerRefusal) throw error;
    throw explainFailure(entry.name, error);
  }
}

function checkOwner({ name, uid, gid }: LayerEntry): void {
  for (const id of [uid, gid]) {
    if (id < 0 || id > MAX_ID)
      throw new LayerRefusal(name, `belongs to ${String(id)}, which is no user or group`);
  }
}
