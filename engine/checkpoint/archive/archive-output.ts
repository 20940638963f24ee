import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import { hasErrno } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { replaceFile } from '../../store/replace-file.ts';
import { ZstdWriter } from '../../zstd/zstd-writer.ts';
import { syncPath } from '../dump/sync-tree.ts';
import type { WrittenCompression } from './compression.ts';

/** Where the bytes of an archive go. */
export interface ByteOutput {
  /** `bytes` must not change afterwards. */
  write(bytes: Buffer): Promise<void>;
}

export interface WriteArchiveOptions {
  compression: WrittenCompression;
  /** For errors: `export container/web`. */
  operation: string;
}

/** The name of a file until it is complete: always the same one, so that what a crash leaves can be found. */
export function temporaryBeside(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.tsctr-export`);
}

/** Removes what an export to that file has left that was interrupted. */
export async function removeTemporaries(file: string): Promise<void> {
  await rm(temporaryBeside(file), { force: true });
  await rm(`${temporaryBeside(file)}.parts`, { recursive: true, force: true });
}

/**
 * Writes a file that appears under its name only when it is complete and on disk: mode 0600, under a temporary name beside it
 * until then. Whatever fails leaves nothing behind, and what was there before untouched. Throws NO_SPACE, and BAD_REQUEST where that cannot be
 * replaced.
 */
export async function writeArchiveFile(
  file: string,
  options: WriteArchiveOptions,
  produce: (output: ByteOutput) => Promise<void>,
): Promise<void> {
  const temporary = temporaryBeside(file);
  // What a crash has left.
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    try {
      await handle.chmod(0o600);
      const stopSyncing = syncMeanwhile(handle);
      try {
        await compressInto(handle, options.compression, produce);
      } finally {
        await stopSyncing();
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await replaceFile(temporary, file, options.operation);
    await syncPath(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainSpace(options.operation, error);
  }
}

const SYNC_PAUSE_MS = 50;

/** Lets the disk work while there is still something to compress, so that the last sync has little left to do. */
function syncMeanwhile(handle: FileHandle): () => Promise<void> {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await sleep(SYNC_PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      // What fails here fails again, and counts, when the file is complete.
      await handle.datasync().catch(() => undefined);
    }
  };
  const done = loop();
  return async () => {
    stop.abort();
    await done;
  };
}

function explainSpace(operation: string, error: unknown): unknown {
  if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) return error;
  return new EngineError('NO_SPACE', `${operation}: no space is left on the device`, { cause: error });
}

async function compressInto(
  handle: FileHandle,
  compression: WrittenCompression,
  produce: (output: ByteOutput) => Promise<void>,
): Promise<void> {
  switch (compression) {
    case 'none':
      await produce({ write: (bytes) => writeAll(handle, bytes) });
      return;
    case 'gzip': {
      const gzip = zlib.createGzip({ level: zlib.constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES });
      await Promise.all([produceInto(gzip, produce), drainInto(handle, gzip)]);
      return;
    }
    case 'zstd': {
      const zstd = new ZstdWriter((frame) => writeAll(handle, frame));
      try {
        await produce(zstd);
        await zstd.finish();
      } finally {
        await zstd.settle();
      }
    }
  }
}

const CHUNK_BYTES = 256 * 1024;

async function drainInto(handle: FileHandle, source: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of source) await writeAll(handle, chunk as Buffer);
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
}

async function produceInto(stream: Writable, produce: (output: ByteOutput) => Promise<void>): Promise<void> {
  const ended = finished(stream, { readable: false });
  // Who waits for it below is told; until then it must not be taken for unhandled.
  ended.catch(() => undefined);
  try {
    await produce({
      async write(bytes) {
        if (stream.write(bytes)) return;
        await Promise.race([once(stream, 'drain'), ended]);
      },
    });
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  stream.end();
  await ended;
}
