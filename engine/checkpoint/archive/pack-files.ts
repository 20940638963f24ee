import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../../../native/index.ts';
import type { FileStatus, Kernel } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { splitPath } from '../../image/entry-path.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import type { TarEntryHeader } from './tar-encoder.ts';
import type { TarWriter } from './tar-writer.ts';

const TYPES: Readonly<Record<number, LayerEntry['type']>> = {
  [S_IFREG]: 'file',
  [S_IFDIR]: 'directory',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'character',
  [S_IFBLK]: 'block',
  [S_IFIFO]: 'fifo',
};

/** What a directory may hold a container may have made, and may be changing: nothing in it is followed, and it is not left. */
const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

/**
 * Puts files of one directory of the host into an archive, with owner, mode, time, holes filled, extended attributes, and hard
 * links among them. Sockets are left out: a name of one is nothing without its process.
 */
export class FilePacker {
  readonly #kernel: Kernel;
  readonly #root: number;
  readonly #writer: TarWriter;
  /** Names of files that have others, by device and inode. */
  readonly #linked = new Map<string, string>();

  constructor(kernel: Kernel, directory: string, writer: TarWriter) {
    this.#kernel = kernel;
    this.#writer = writer;
    this.#root = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY });
  }

  close(): void {
    this.#kernel.close(this.#root);
  }

  /** One file or directory without what is in it. `path` is relative; what has vanished since is left out. */
  async pack(path: string): Promise<void> {
    const { directory, base } = splitPath(path);
    const parent = this.#openDirectory(directory);
    if (parent === null) return;
    try {
      await this.#packName(parent, base, path);
    } finally {
      this.#kernel.close(parent);
    }
  }

  /** Everything, with names that begin with `./`. */
  async packAll(): Promise<void> {
    await this.#writer.add(this.#describe(this.#root, '.', './', this.#kernel.fstatat(this.#root, '.', 0)));
    const waiting = [''];
    for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
      const fd = this.#openDirectory(directory);
      if (fd === null) continue;
      try {
        for (const name of this.#kernel.readDirectory(fd).sort()) {
          const path = directory === '' ? name : `${directory}/${name}`;
          if (await this.#packName(fd, name, `./${path}`)) waiting.push(path);
        }
      } finally {
        this.#kernel.close(fd);
      }
    }
  }

  /** True when it is a directory. */
  async #packName(parent: number, name: string, path: string): Promise<boolean> {
    const status = this.#statusOf(parent, name, path);
    if (status === null) return false;
    const type = status.mode & S_IFMT;
    const isDirectory = type === S_IFDIR;
    const header = this.#describe(parent, name, isDirectory ? `${path}/` : path, status);
    if (type === S_IFREG) await this.#packFile(parent, name, header, status);
    else if (TYPES[type] !== undefined) await this.#writer.add(header);
    return isDirectory;
  }

  async #packFile(parent: number, name: string, header: TarEntryHeader, status: FileStatus): Promise<void> {
    const key = `${String(status.dev)}:${String(status.ino)}`;
    const known = status.nlink > 1 ? this.#linked.get(key) : undefined;
    if (known !== undefined) {
      await this.#writer.add({ ...header, type: 'hardlink', linkTarget: known, size: 0, xattrs: [] });
      return;
    }
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    let fd: number;
    try {
      fd = this.#kernel.openat2(parent, name, { flags, resolve: BENEATH });
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ELOOP', 'ENXIO')) return;
      throw error;
    }
    try {
      await this.#writer.addFile(header, fd);
    } finally {
      this.#kernel.close(fd);
    }
    if (status.nlink > 1) this.#linked.set(key, header.name);
  }

  #describe(parent: number, name: string, entryName: string, status: FileStatus): TarEntryHeader {
    const type = TYPES[status.mode & S_IFMT] ?? 'file';
    const isDevice = type === 'character' || type === 'block';
    return {
      name: entryName,
      type,
      linkTarget: type === 'symlink' ? this.#kernel.readlinkat(parent, name) : '',
      mode: status.mode & 0o7777,
      uid: status.uid,
      gid: status.gid,
      mtimeNs: status.mtimeNs,
      size: type === 'file' ? status.size : 0,
      device: isDevice ? { major: status.rdevMajor, minor: status.rdevMinor } : { major: 0, minor: 0 },
      xattrs: type === 'symlink' ? [] : this.#attributes(`/proc/self/fd/${String(parent)}/${name}`),
    };
  }

  /** Those that an image can carry; marks of overlayfs mean something in its own layers only. */
  #attributes(path: string): [string, Buffer][] {
    try {
      return this.#kernel
        .llistxattr(path)
        .filter((name) => name === 'security.capability' || /^user\.(?!overlay\.)/.test(name))
        .map((name) => [name, this.#kernel.lgetxattr(path, name)]);
    } catch (error) {
      if (hasErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'ENODATA', 'ENOENT')) return [];
      throw error;
    }
  }

  #statusOf(parent: number, name: string, path: string): FileStatus | null {
    try {
      return this.#kernel.fstatat(parent, name, AT_SYMLINK_NOFOLLOW);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      if (!name.includes('\ufffd')) return null;
      throw new EngineError('UNSAFE_PATH', `archive ${JSON.stringify(path)}: its name is not UTF-8`, {
        cause: error,
      });
    }
  }

  #openDirectory(path: string): number | null {
    const how = { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: BENEATH };
    try {
      return this.#kernel.openat2(this.#root, path === '' ? '.' : path, how);
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return null;
      throw error;
    }
  }
}
