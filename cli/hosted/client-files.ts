import { closeSync, fstatSync, openSync, read, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AT_FDCWD, O_PATH, RESOLVE_NO_MAGICLINKS } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { NamedFiles } from '../command-line/io.ts';
import { RunElsewhere } from '../command-line/run-elsewhere.ts';

const readPiece = promisify(read);

type FileKernel = Pick<Kernel, 'openat2' | 'close'>;

/** What lies there may be another for each process, or may never answer. */
const NOT_ON_DISK = /^\/(?:proc|sys|dev)(?:\/|$)/;

/**
 * The files that a client has named, as the daemon may read them: regular ones of reasonable size and directories, and nothing that
 * could be another for the client, as /dev/stdin is, or keep the daemon waiting. For the rest the command has to run elsewhere.
 */
export function clientFiles(kernel: FileKernel, limits: { mostBytes: number }): NamedFiles {
  let bytes = 0;
  return {
    isDirectory: async (path) => look(kernel, path, ({ stat }) => Promise.resolve(stat.isDirectory())),
    list: async (path, options) => look(kernel, path, ({ place }) => readdir(place, options)),
    read: async (path) =>
      look(kernel, path, ({ place, stat }) => {
        bytes += stat.size;
        if (bytes > limits.mostBytes) throw new RunElsewhere(`${path} is large`);
        return readWhole(place, stat.size);
      }),
  };
}

function look<Result>(
  kernel: FileKernel,
  path: string,
  action: (found: { place: string; stat: Stats }) => Promise<Result>,
): Promise<Result> {
  const fd = open(kernel, path);
  // Of a descriptor that is open these are answered at once; what may take time is not done here.
  const found = (): Promise<Result> => {
    const place = `/proc/self/fd/${fd}`;
    const stat = fstatSync(fd);
    if (!stat.isFile() && !stat.isDirectory())
      throw new RunElsewhere(`${path} is neither a file nor a directory`);
    if (NOT_ON_DISK.test(readlinkSync(place))) throw new RunElsewhere(`${path} is not on a disk`);
    return action({ place, stat });
  };
  return new Promise<Result>((resolve) => {
    resolve(found());
  }).finally(() => {
    kernel.close(fd);
  });
}

/** As `readFile`, in one trip to the disk where that takes four. By the descriptor: what was looked at is what is read. */
async function readWhole(place: string, bytes: number): Promise<string> {
  const fd = openSync(place, 'r');
  try {
    const buffer = Buffer.allocUnsafe(bytes);
    let length = 0;
    while (length < bytes) {
      const { bytesRead } = await readPiece(fd, buffer, length, bytes - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function open(kernel: FileKernel, path: string): number {
  try {
    return kernel.openat2(AT_FDCWD, path, { flags: O_PATH, resolve: RESOLVE_NO_MAGICLINKS });
  } catch (cause) {
    // ELOOP: it leads through a link that is another for each process. And what is not here may be there, as /dev/fd/63 is.
    throw new RunElsewhere(`open ${path}`, { cause });
  }
}
