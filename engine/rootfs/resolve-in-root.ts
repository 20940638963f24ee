import path from 'node:path';
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  hasErrno,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';

/** What a path of a container leads to. */
export interface ResolvedPath {
  /** Absolute in the container, without links; where something is missing, the rest as it was written. */
  path: string;
  kind: 'directory' | 'other' | 'missing';
}

/** path_resolution(7): the kernel gives up after as many. */
const MOST_LINKS = 40;

/**
 * Follows `wanted` as a process with `root` as its root directory would, also through links whose end is missing or will only be
 * mounted later: `isMounted` says where to stop, since what lies below is not the root filesystem's. Every component is looked
 * at by a descriptor beneath `root`, so nothing outside is ever touched.
 */
export function resolveInRoot(
  kernel: Kernel,
  root: string,
  wanted: string,
  isMounted: (path: string) => boolean = () => false,
): ResolvedPath {
  const rootFd = kernel.openat2(AT_FDCWD, root, { flags: O_PATH | O_DIRECTORY });
  try {
    const rest = wanted.split('/');
    let resolved = '/';
    for (let links = 0; rest.length > 0;) {
      const name = rest.shift() ?? '';
      if (name === '' || name === '.') continue;
      if (name === '..') {
        resolved = path.posix.dirname(resolved);
        continue;
      }
      const next = path.posix.join(resolved, name);
      const whole = (): string => path.posix.join(next, ...rest);
      if (isMounted(next)) return { path: whole(), kind: 'directory' };
      const status = statusIn(kernel, rootFd, resolved, name);
      if (status === null) return { path: whole(), kind: 'missing' };
      const type = status.mode & S_IFMT;
      if (type === S_IFLNK) {
        links += 1;
        if (links > MOST_LINKS) throw tooManyLinks(root, wanted);
        const target = linkIn(kernel, rootFd, resolved, name);
        if (target.startsWith('/')) resolved = '/';
        rest.unshift(...target.split('/'));
        continue;
      }
      if (type !== S_IFDIR) return { path: whole(), kind: 'other' };
      resolved = next;
    }
    return { path: resolved, kind: 'directory' };
  } finally {
    kernel.close(rootFd);
  }
}

/** Makes the directory `wanted`, resolved already, and what is missing above it; returns a descriptor that the caller closes. */
export function makeDirectoryInRoot(kernel: Kernel, root: string, wanted: string, mode: number): number {
  let fd = kernel.openat2(AT_FDCWD, root, { flags: O_PATH | O_DIRECTORY });
  for (const name of wanted.split('/').filter((part) => part !== '')) {
    const parent = fd;
    try {
      try {
        kernel.mkdirat(parent, name, mode);
      } catch (error) {
        if (!hasErrno(error, 'EEXIST')) throw error;
      }
      fd = kernel.openat2(parent, name, {
        flags: O_PATH | O_DIRECTORY,
        resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
      });
    } finally {
      kernel.close(parent);
    }
  }
  return fd;
}

/** Null when it does not exist. `directory` has no links. */
function statusIn(kernel: Kernel, rootFd: number, directory: string, name: string): FileStatus | null {
  return inDirectory(kernel, rootFd, directory, (fd) => {
    try {
      return kernel.fstatat(fd, name, AT_SYMLINK_NOFOLLOW);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
  });
}

function linkIn(kernel: Kernel, rootFd: number, directory: string, name: string): string {
  return inDirectory(kernel, rootFd, directory, (fd) => kernel.readlinkat(fd, name));
}

function inDirectory<T>(kernel: Kernel, rootFd: number, directory: string, use: (fd: number) => T): T {
  const fd = kernel.openat2(rootFd, directory === '/' ? '.' : directory.slice(1), {
    flags: O_PATH | O_DIRECTORY,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  });
  try {
    return use(fd);
  } finally {
    kernel.close(fd);
  }
}

function tooManyLinks(root: string, wanted: string): EngineError {
  return new EngineError(
    'UNSAFE_PATH',
    `resolve ${wanted} in ${root}: more than ${String(MOST_LINKS)} links`,
  );
}
