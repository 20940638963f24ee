import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { ImageError } from './image-error.ts';
import { MAX_IMAGE_BYTES } from './image-source.ts';
import type { ByteRange, ImageSource } from './image-source.ts';

/** The image files in a directory. Anything but regular files is left out. */
export async function openImageDirectory(directory: string): Promise<ImageSource> {
  const entries = await readdir(directory, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = new Map(
    await Promise.all(
      files.map(async ({ name }): Promise<[string, number]> => [
        name,
        (await lstat(path.join(directory, name))).size,
      ]),
    ),
  );
  return {
    sizes,
    read: (name) =>
      withImage(directory, name, async (handle, size) => {
        if (size > MAX_IMAGE_BYTES) {
          throw new ImageError(name, 0, `it has ${String(size)} bytes, more than ${String(MAX_IMAGE_BYTES)}`);
        }
        return readRange(handle, { offset: 0, length: size });
      }),
    async readRanges(wanted) {
      const found = new Map<string, Buffer[]>();
      for (const [name, ranges] of wanted) {
        const pieces = await withImage(directory, name, async (handle) => {
          const read: Buffer[] = [];
          for (const range of ranges) read.push(await readRange(handle, range));
          return read;
        });
        found.set(name, pieces);
      }
      return found;
    },
  };
}

async function withImage<T>(
  directory: string,
  name: string,
  use: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let handle: FileHandle;
  try {
    // Not a link, nor a fifo that nobody writes to.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(path.join(directory, name), flags);
  } catch (error) {
    throw new ImageError(name, 0, 'the file cannot be opened', { cause: error });
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new ImageError(name, 0, 'it is no regular file');
    return await use(handle, status.size);
  } finally {
    await handle.close();
  }
}

async function readRange(handle: FileHandle, { offset, length }: ByteRange): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
