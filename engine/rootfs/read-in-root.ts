import { closeSync, fstatSync, readSync } from 'node:fs';
import {
  AT_FDCWD,
  hasErrno,
  O_DIRECTORY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';

/** No passwd or group file of an image is larger; a hostile one may be. */
const MAX_BYTES = 1 << 20;

/**
 * Reads a file of a container's root filesystem as the container would see it: links are followed within `root` and nowhere
 * else. Null when it does not exist. Anything but a regular file of at most 1 MiB is refused.
 */
export function readInRoot(kernel: Kernel, root: string, file: string): string | null {
  let fd: number;
  try {
    fd = openInRoot(kernel, root, file, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw unsafe(root, file, error);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw unsafe(root, file, 'not a regular file');
    if (status.size > MAX_BYTES)
      throw unsafe(root, file, `${String(status.size)} bytes, expected at most ${String(MAX_BYTES)}`);
    // No larger than the file: a mebibyte each time, several times for each container, kept the garbage collector busy.
    const buffer = Buffer.alloc(status.size);
    let length = 0;
    while (length < buffer.length) {
      const got = readSync(fd, buffer, length, buffer.length - length, null);
      if (got === 0) break;
      length += got;
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

/** openat2(2) with RESOLVE_IN_ROOT below `root`. The caller closes the descriptor. */
export function openInRoot(kernel: Kernel, root: string, file: string, flags: number): number {
  const rootFd = kernel.openat2(AT_FDCWD, root, { flags: O_PATH | O_DIRECTORY });
  try {
    return kernel.openat2(rootFd, file, { flags, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS });
  } finally {
    kernel.close(rootFd);
  }
}

function unsafe(root: string, file: string, why: unknown): EngineError {
  return new EngineError(
    'UNSAFE_PATH',
    `read ${file} in ${root}: ${why instanceof Error ? why.message : String(why)}`,
    why instanceof Error ? { cause: why } : {},
  );
}
