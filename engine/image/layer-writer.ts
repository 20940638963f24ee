import { fchmodSync, fchownSync } from 'node:fs';
import {
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
} from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';
import { entryPath, hardLinkPath, splitPath } from './entry-path.ts';
import { LayerDirectories, RESOLVE_IN_LAYER } from './layer-directories.ts';
import type { LayerEntry } from './layer-entry.ts';
import type { LayerLimits } from './layer-limits.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { explainFailure } from './explain-failure.ts';
import { setLayerAttributes } from './layer-attributes.ts';
import { LayerFile } from './layer-file.ts';
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

interface PendingDirectory {
  mode: number;
  mtimeNs: bigint;
}

const NO_DEVICE = { major: 0, minor: 0 };
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
  /** Modes and times that are set at the end, as unpacking into a directory changes one and may be stopped by the other. */
  readonly #pending = new Map<string, PendingDirectory>();
  #pendingBytes = 0;
  #trashed = 0;
  #bytes = 0;
  #entries = 0;
  #rootStatus: RootStatus | null = null;
  #file: LayerFile | null = null;

  constructor(options: LayerWriterOptions) {
    this.#options = options;
    this.#kernel = options.kernel;
    this.#directories = new LayerDirectories(options.kernel, options.root);
  }

  begin(entry: LayerEntry): void {
    this.#entries++;
    this.#bytes += entry.size;
    if (this.#bytes > this.#options.limits.maxBytes) {
      throw new LayerRefusal(
        entry.name,
        `with its ${String(entry.size)} bytes the layer is larger than ${String(this.#options.limits.maxBytes)}`,
      );
    }
    this.#attempt(entry, () => {
      this.#place(entry);
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
    this.#attempt(file.entry, () => {
      // Writing and changing the owner both clear file capabilities and set-id bits: the order matters.
      if (this.#options.privileged) fchownSync(file.fd, file.entry.uid, file.entry.gid);
      fchmodSync(file.fd, file.entry.mode);
      this.#setAttributes(file.entry, file.directory, file.base);
      this.#setTime(file.entry, file.directory, file.base);
    });
    this.#closeFile();
  }

  /** After the last entry: directories get their modes and times. */
  finish(): { bytes: number; entries: number; root: RootStatus | null } {
    const deepestFirst = [...this.#pending].sort(([a], [b]) => b.length - a.length);
    for (const [path, directory] of deepestFirst) this.#finishDirectory(path, directory);
    return { bytes: this.#bytes, entries: this.#entries, root: this.#rootStatus };
  }

  /** Closes all descriptors but those of the options. */
  close(): void {
    this.#closeFile();
    this.#directories.close();
  }

  #attempt(entry: LayerEntry, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof LayerRefusal) throw error;
      throw explainFailure(entry.name, error);
    }
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
    if (whiteout?.kind === 'opaque') this.#markOpaque(parent, '.');
    else if (whiteout?.kind === 'hide') this.#hide(parent, whiteout.name);
    else this.#create(entry, path, parent, base);
  }

  #placeRoot(entry: LayerEntry): void {
    if (entry.type !== 'directory')
      throw new LayerRefusal(entry.name, 'would replace the root directory of the layer');
    this.#rootStatus = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
    this.#fillDirectory(entry, '', this.#options.root, '.');
  }

  #create(entry: LayerEntry, path: string, parent: number, base: string): void {
    switch (entry.type) {
      case 'directory':
        this.#makeDirectory(entry, path, parent, base);
        return;
      case 'file':
        this.#openFile(entry, parent, base);
        return;
      case 'hardlink':
        this.#link(entry, parent, base);
        return;
      case 'symlink':
        this.#replacing(parent, base, () => {
          this.#kernel.symlinkat(entry.linkTarget, parent, base);
        });
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
    this.#finishNode(entry, parent, base);
  }

  #openFile(entry: LayerEntry, parent: number, base: string): void {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const how = { flags, mode: 0o600, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    this.#replacing(parent, base, () => {
      const fd = this.#kernel.openat2(parent, base, how);
      this.#file = new LayerFile(entry, parent, base, fd);
    });
    this.#file?.reserve();
  }

  #link(entry: LayerEntry, parent: number, base: string): void {
    const target = splitPath(hardLinkPath(entry.name, entry.linkTarget));
    const from = this.#openTargetDirectory(target.directory);
    try {
      // A link to itself would else remove the only name of the file.
      if (from.fd === parent && target.base === base) return;
      this.#kernel.fstatat(from.fd, target.base, AT_SYMLINK_NOFOLLOW);
      this.#replacing(parent, base, () => {
        this.#kernel.linkat(from.fd, target.base, parent, base, 0);
      });
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      throw new LayerRefusal(
        entry.name,
        `is a hard link to ${JSON.stringify(entry.linkTarget)}, which the layer does not have`,
        { cause: error },
      );
    } finally {
      from.close();
    }
  }

  /** Unlike other directories that of a link's target must exist already. */
  #openTargetDirectory(path: string): { fd: number; close: () => void } {
    if (path === '') return { fd: this.#options.root, close: () => undefined };
    const how = { flags: O_RDONLY | O_DIRECTORY, resolve: RESOLVE_IN_LAYER };
    const fd = this.#kernel.openat2(this.#options.root, path, how);
    return {
      fd,
      close: () => {
        this.#kernel.close(fd);
      },
    };
  }

  #makeNode(entry: LayerEntry, type: number, parent: number, base: string): void {
    if (type !== S_IFIFO && !this.#options.privileged) {
      throw new LayerRefusal(entry.name, 'is a device node, which only root can make');
    }
    this.#replacing(parent, base, () => {
      this.#kernel.mknodat(parent, base, type | 0o600, entry.device);
    });
  }

  #finishNode(entry: LayerEntry, parent: number, base: string): void {
    if (this.#options.privileged) {
      this.#kernel.fchownat(parent, base, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
    }
    // A symbolic link has no mode of its own, and fchmodat would follow it.
    if (entry.type !== 'symlink') this.#kernel.fchmodat(parent, base, entry.mode);
    this.#setAttributes(entry, parent, base);
    this.#setTime(entry, parent, base);
  }

  #makeDirectory(entry: LayerEntry, path: string, parent: number, base: string): void {
    try {
      this.#kernel.mkdirat(parent, base, 0o700);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const found = this.#status(parent, base);
      if (found === null || !isType(found, S_IFDIR)) {
        this.#discard(parent, base, found);
        this.#kernel.mkdirat(parent, base, 0o700);
        // The same layer hides what lies below and puts something new there: nothing of the old may shine through.
        if (found !== null && isWhiteout(found)) this.#markOpaque(parent, base);
      }
    }
    this.#fillDirectory(entry, path, parent, base);
  }

  #fillDirectory(entry: LayerEntry, path: string, parent: number, base: string): void {
    if (!this.#pending.has(path)) this.#pendingBytes += Buffer.byteLength(path);
    if (this.#pendingBytes > this.#options.limits.maxDirectoryNameBytes) {
      throw new LayerRefusal(entry.name, 'the names of the directories of the layer take too much memory');
    }
    this.#pending.set(path, { mode: entry.mode, mtimeNs: entry.mtimeNs });
    if (this.#options.privileged) {
      this.#kernel.fchownat(parent, base, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
    }
    this.#setAttributes(entry, parent, base);
  }

  #finishDirectory(path: string, { mode, mtimeNs }: PendingDirectory): void {
    const how = { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: RESOLVE_IN_LAYER };
    let fd: number;
    try {
      fd = this.#kernel.openat2(this.#options.root, path === '' ? '.' : path, how);
    } catch (error) {
      // A later entry has replaced it, or a link on the way to it.
      if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return;
      throw explainFailure(path, error);
    }
    try {
      fchmodSync(fd, mode);
      this.#kernel.utimensat(fd, '.', mtimeNs, mtimeNs, 0);
    } finally {
      this.#kernel.close(fd);
    }
  }

  /** A whiteout of what the same layer also has says only that nothing of the layers below is to be seen there. */
  #hide(parent: number, name: string): void {
    try {
      this.#kernel.mknodat(parent, name, S_IFCHR, NO_DEVICE);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const found = this.#status(parent, name);
      if (found !== null && isType(found, S_IFDIR)) this.#markOpaque(parent, name);
    }
  }

  #markOpaque(parent: number, base: string): void {
    const name = this.#options.privileged ? 'trusted.overlay.opaque' : 'user.overlay.opaque';
    this.#kernel.lsetxattr(pathBy(parent, base), name, Buffer.from('y'), 0);
  }

  /** Runs `make`; when something is there already, it gives way, as in `tar -x`. */
  #replacing(parent: number, base: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      this.#discard(parent, base, this.#status(parent, base));
      make();
    }
  }

  #discard(parent: number, base: string, found: FileStatus | null): void {
    if (found === null) return;
    if (isType(found, S_IFDIR)) {
      this.#kernel.renameat2(parent, base, this.#options.trash, String(this.#trashed++), 0);
    } else {
      this.#kernel.unlinkat(parent, base, 0);
    }
    if (isType(found, S_IFDIR) || isType(found, S_IFLNK)) {
      this.#directories.forget();
    }
  }

  #status(parent: number, base: string): FileStatus | null {
    try {
      return this.#kernel.fstatat(parent, base, AT_SYMLINK_NOFOLLOW);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  #setAttributes(entry: LayerEntry, parent: number, base: string): void {
    setLayerAttributes(this.#kernel, entry, pathBy(parent, base), this.#options.privileged);
  }

  #setTime(entry: LayerEntry, parent: number, base: string): void {
    this.#kernel.utimensat(parent, base, entry.mtimeNs, entry.mtimeNs, AT_SYMLINK_NOFOLLOW);
  }

  #closeFile(): void {
    if (this.#file !== null) this.#kernel.close(this.#file.fd);
    this.#file = null;
  }
}

function checkOwner({ name, uid, gid }: LayerEntry): void {
  for (const id of [uid, gid]) {
    if (id < 0 || id > MAX_ID)
      throw new LayerRefusal(name, `belongs to ${String(id)}, which is no user or group`);
  }
}

function pathBy(directory: number, base: string): string {
  return `/proc/self/fd/${String(directory)}/${base}`;
}

function isType(status: FileStatus, type: number): boolean {
  return (status.mode & S_IFMT) === type;
}

function isWhiteout(status: FileStatus): boolean {
  return isType(status, S_IFCHR) && status.rdevMajor === 0 && status.rdevMinor === 0;
}
