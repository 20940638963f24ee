import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

export interface FollowOptions {
  path: string;
  /** Where to begin in the file. */
  offset: number;
  onData: (bytes: Buffer) => void | Promise<void>;
  /** Given when nothing more will be written: what is there is read to its end, and following ends. */
  ended: AbortSignal;
  /** Given to stop at once. */
  signal: AbortSignal;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a file and what is added to it, woken by inotify. A file that is replaced (rotation: renamed away and made anew) is read to its
 * end before the new one is begun; one that is cut short is read again from its beginning.
 */
export async function followFile(options: FollowOptions): Promise<void> {
  const { path, ended, signal } = options;
  const wake = new Wake();
  // The directory is watched, not the file: a watch of the file would be lost when it is replaced.
  const watcher = watch(dirname(path), (_event, name) => {
    if (name === null || name === basename(path)) wake.now();
  });
  watcher.on('error', () => {
    wake.now();
  });
  const onAbort = (): void => {
    wake.now();
  };
  ended.addEventListener('abort', onAbort);
  signal.addEventListener('abort', onAbort);
  let file = await openOrNull(path);
  let offset = options.offset;
  try {
    while (!signal.aborted) {
      // Asked before reading: what is written until then is seen by this read.
      const last = ended.aborted;
      if (file !== null) offset = await readOn(file, offset, options);
      const next = await replacementOf(path, file);
      if (next !== null) {
        if (file !== null) {
          await readOn(file, offset, options);
          await file.close();
        }
        file = next;
        offset = 0;
      } else if (last) {
        return;
      } else {
        await wake.next();
      }
    }
  } finally {
    watcher.close();
    ended.removeEventListener('abort', onAbort);
    signal.removeEventListener('abort', onAbort);
    await file?.close();
  }
}

/** Reads to the end of the file; returns the new offset. */
async function readOn(file: FileHandle, from: number, { onData, signal }: FollowOptions): Promise<number> {
  const { size } = await file.stat();
  let offset = size < from ? 0 : from;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
    if (bytesRead === 0 || signal.aborted) return offset;
    offset += bytesRead;
    await onData(buffer.subarray(0, bytesRead));
  }
}

/** The file that stands at `path` now, when it is another than `file`. */
async function replacementOf(path: string, file: FileHandle | null): Promise<FileHandle | null> {
  const found = await openOrNull(path);
  if (found === null || file === null) return found;
  const [now, before] = await Promise.all([found.stat(), file.stat()]);
  if (now.ino !== before.ino || now.dev !== before.dev) return found;
  await found.close();
  return null;
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Remembers a wake-up that came while nobody waited. */
class Wake {
  #pending = false;
  #resolve: (() => void) | null = null;

  now(): void {
    if (this.#resolve === null) this.#pending = true;
    else this.#resolve();
    this.#resolve = null;
  }

  next(): Promise<void> {
    if (this.#pending) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
