import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Kernel } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import { TarReader } from '../../image/tar-reader.ts';
import type { TarSink } from '../../image/tar-reader.ts';
import { explainZstd } from '../../zstd/explain-zstd.ts';
import { readZstd } from '../../zstd/read-zstd.ts';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import type { Compression } from './compression.ts';
import { readThrough, requireProgram } from './filter-program.ts';

const CHUNK_BYTES = 256 * 1024;

/** Told of what is in an archive. What it is told must be quick; what takes time is waited for in between. */
export interface ArchiveSink extends TarSink {
  /** After each piece of the archive. */
  settle?(): Promise<void>;
  /** After the last one. */
  complete?(): Promise<void>;
  /** True when it needs nothing of what is still to come. */
  isSatisfied?(): boolean;
}

export interface ReadArchiveOptions {
  /** `import checkpoint archive a.tar`, for errors. */
  operation: string;
  maxEntries: number;
  /** Of the uncompressed archive. */
  maxBytes: number;
  signal?: AbortSignal;
  /** Bytes of the uncompressed archive so far. */
  onProgress?: (bytes: number) => void;
}

/** Pushes a tar archive, compressed or not, into `sink`. Throws CHECKPOINT_INVALID, naming the entry, for what is wrong with it. */
export async function readArchive(
  kernel: Kernel,
  file: string,
  sink: ArchiveSink,
  options: ReadArchiveOptions,
): Promise<void> {
  const { operation, maxEntries, maxBytes } = options;
  const reader = new TarReader(sink, {
    maxEntries,
    maxBytes,
    maxHeaderBytes: MAX_HEADER_BYTES,
    maxDirectoryNameBytes: MAX_HEADER_BYTES,
  });
  let bytes = 0;
  try {
    for await (const chunk of readUncompressed(kernel, file, operation)) {
      if (options.signal?.aborted === true) throw new EngineError('ABORTED', `${operation}: given up`);
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new LayerRefusal(null, `it is larger than ${String(maxBytes)} bytes when it is uncompressed`);
      }
      reader.write(chunk);
      await sink.settle?.();
      options.onProgress?.(bytes);
      if (sink.isSatisfied?.() === true) return;
    }
    reader.end();
    await sink.complete?.();
  } catch (error) {
    throw explainRefusal(operation, error);
  }
}

const MAX_HEADER_BYTES = 1 << 20;

/** What is wrong with an entry as an error of the operation. */
export function explainRefusal(operation: string, error: unknown): unknown {
  if (!(error instanceof LayerRefusal)) return error;
  return new EngineError('CHECKPOINT_INVALID', `${operation}: ${error.message}`, { cause: error });
}

/** The uncompressed content of a file. Each piece is a buffer of its own. */
export async function* readUncompressed(
  kernel: Kernel,
  file: string,
  operation: string,
): AsyncGenerator<Buffer> {
  const handle = await openRegular(file, operation);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    yield* decoded(kernel, handle, detectCompression(buffer.subarray(0, bytesRead)), operation);
  } finally {
    await handle.close();
  }
}

/** A fifo, or a device, would never end. */
async function openRegular(file: string, operation: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const status = await handle.stat();
  if (status.isFile()) return handle;
  await handle.close();
  throw new EngineError('CHECKPOINT_INVALID', `${operation}: it is no regular file`);
}

function decoded(
  kernel: Kernel,
  handle: FileHandle,
  compression: Compression,
  operation: string,
): AsyncIterable<Buffer> {
  switch (compression) {
    case 'none':
      return contentOf(handle);
    case 'gzip':
      return decodedBy(handle, zlib.createGunzip({ chunkSize: CHUNK_BYTES }), operation);
    case 'zstd':
      return decodedByZstd(handle, operation);
    case 'xz':
      return byProgram('xz', ['--decompress', '--stdout', '--quiet', '--memlimit-decompress=256MiB']);
    case 'bzip2':
      return byProgram('bzip2', ['--decompress', '--stdout', '--quiet']);
  }

  /** Nothing has been read through the position of the file: the program starts at the beginning. */
  function byProgram(name: string, args: readonly string[]): AsyncIterable<Buffer> {
    return readThrough(kernel, { file: requireProgram(name, operation), args }, handle.fd, operation);
  }
}

function contentOf(handle: FileHandle): AsyncIterable<Buffer> {
  return handle.createReadStream({
    start: 0,
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  }) as AsyncIterable<Buffer>;
}

async function* decodedBy(handle: FileHandle, decoder: Transform, operation: string): AsyncGenerator<Buffer> {
  const source = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  source.on('error', (error) => decoder.destroy(error));
  source.pipe(decoder);
  let damage: unknown = null;
  decoder.on('error', (error) => (damage = error));
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    if (error !== damage) throw error;
    throw unreadable(operation, `are damaged or cut off (${messageOf(error)})`, error);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

async function* decodedByZstd(handle: FileHandle, operation: string): AsyncGenerator<Buffer> {
  try {
    yield* readZstd(handle);
  } catch (error) {
    const what = explainZstd(error);
    throw what === null ? error : unreadable(operation, what, error);
  }
}

function unreadable(operation: string, what: string, cause: unknown): EngineError {
  return new EngineError('CHECKPOINT_INVALID', `${operation}: its compressed data ${what}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
