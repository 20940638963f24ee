import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { explainZstd } from '../zstd/explain-zstd.ts';
import { readZstd } from '../zstd/read-zstd.ts';
import { LayerRefusal } from './layer-refusal.ts';

const CHUNK_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * The uncompressed content of a file. How it is compressed (gzip, zstd, not at all) is taken from its first bytes, as media
 * types are not always right. Each chunk is a buffer of its own.
 */
export async function* readUncompressed(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.subarray(0, bytesRead);
    if (magic.equals(ZSTD_MAGIC)) yield* unzstd(handle);
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
    const message = error instanceof Error ? error.message : String(error);
    throw unreadable(`are damaged or cut off (${message})`, error);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

async function* unzstd(handle: FileHandle): AsyncGenerator<Buffer> {
  try {
    yield* readZstd(handle);
  } catch (error) {
    const what = explainZstd(error);
    throw what === null ? error : unreadable(what, error);
  }
}

function unreadable(what: string, cause: unknown): LayerRefusal {
  return new LayerRefusal(null, `its compressed data ${what}`, { cause });
}
