import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { SIGKILL } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { LayerRefusal } from './layer-refusal.ts';

const CHUNK_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export interface ReadCompressedOptions {
  kernel: Kernel;
  /** Path of zstd(1), for a Node without zstd (before 22.15); null when it is missing. */
  zstdPath: string | null;
}

/**
 * The uncompressed content of a file. How it is compressed (gzip, zstd, not at all) is taken from its first bytes, as media
 * types are not always right. Each chunk is a buffer of its own. The zstd child is waited for synchronously: for worker threads.
 */
export async function* readUncompressed(
  file: string,
  options: ReadCompressedOptions,
): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.subarray(0, bytesRead);
    if (magic.equals(ZSTD_MAGIC)) yield* unzstd(handle, options);
    else if (magic.subarray(0, 2).equals(GZIP_MAGIC)) {
      yield* through(handle, zlib.createGunzip({ chunkSize: CHUNK_BYTES }));
    } else yield* plain(handle);
  } finally {
    await handle.close();
  }
}

function plain(handle: FileHandle): AsyncIterable<Buffer> {
  return handle.createReadStream({
    start: 0,
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  }) as AsyncIterable<Buffer>;
}

async function* through(handle: FileHandle, decoder: Transform): AsyncGenerator<Buffer> {
  const source = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  source.on('error', (error) => decoder.destroy(error));
  source.pipe(decoder);
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    throw new LayerRefusal(null, `its compressed data are damaged or cut off (${messageOf(error)})`, {
      cause: error,
    });
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

/** Newer Nodes have it, the oldest that we run on does not. */
const createZstdDecompress = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

async function* unzstd(handle: FileHandle, options: ReadCompressedOptions): AsyncGenerator<Buffer> {
  if (createZstdDecompress !== undefined) yield* through(handle, createZstdDecompress());
  else yield* fromZstdChild(handle, options);
}

async function* fromZstdChild(handle: FileHandle, options: ReadCompressedOptions): AsyncGenerator<Buffer> {
  const { kernel, zstdPath } = options;
  if (zstdPath === null) {
    throw new LayerRefusal(
      null,
      'it is compressed with zstd, and there is no zstd; install the package zstd',
    );
  }
  const [output, childOutput] = kernel.pipe2(0);
  let child: { pidfd: number };
  try {
    // Nothing has been read through the file position: the child starts at the beginning.
    const args = [zstdPath, '--decompress', '--stdout', '--quiet', '--no-progress'];
    child = kernel.spawn({ file: zstdPath, args, env: [], fds: [handle.fd, childOutput, null] });
  } catch (error) {
    kernel.close(output);
    throw error;
  } finally {
    kernel.close(childOutput);
  }
  let finished = false;
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const bytes = readSync(output, chunk);
      if (bytes === 0) break;
      yield chunk.subarray(0, bytes);
    }
    finished = true;
  } finally {
    kernel.close(output);
    if (!finished) kernel.pidfdSendSignal(child.pidfd, SIGKILL);
    const exit = await kernel.waitChild(child.pidfd);
    kernel.close(child.pidfd);
    if (finished && exit.code !== 0) {
      throw new LayerRefusal(null, 'its zstd data are damaged or cut off');
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
