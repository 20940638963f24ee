import type { FileHandle } from 'node:fs/promises';
import { decompressZstd, measureZstd } from '../../native/index.ts';
import { readFully } from './read-fully.ts';
import { FRAME_BYTES, FRAMES_AHEAD } from './zstd-frame.ts';

/** What is left of a file: `head` has been read, and goes on at `position`. */
export interface UnreadRest {
  head: Buffer;
  position: number;
}

/** Frames one behind the other that are decoded at once. */
interface Run {
  frames: Buffer;
  contentBytes: number;
}

interface Window {
  runs: readonly Run[];
  /** What follows them. */
  rest: UnreadRest;
  isLast: boolean;
}

const WINDOW_BYTES = 4 << 20;

/** A frame that is longer has blocks that are larger than their content: ZSTD_compressBound of zstd.h, and more. */
const LONGEST_FRAME_BYTES = FRAME_BYTES + FRAME_BYTES / 64;

/** The content of as many frames as are small and say their size; what is left of the file then, null at its end. */
export async function* readWholeFrames(file: FileHandle): AsyncGenerator<Buffer, UnreadRest | null> {
  const ahead: Promise<Buffer>[] = [];
  let next = readWindow(file, { head: Buffer.alloc(0), position: 0 });
  try {
    for (;;) {
      const { runs, rest, isLast } = await next;
      const isOver = isLast || rest.head.length >= LONGEST_FRAME_BYTES;
      if (!isOver) next = prefetched(readWindow(file, rest));
      for (const { frames, contentBytes } of runs) {
        ahead.push(prefetched(decompressZstd(frames, contentBytes)));
        yield* shorten(ahead, FRAMES_AHEAD);
      }
      if (!isOver) continue;
      yield* shorten(ahead, 0);
      return rest.head.length > 0 ? rest : null;
    }
  } finally {
    // What is under way uses what the caller closes next.
    await Promise.allSettled([next, ...ahead]);
  }
}

async function* shorten(ahead: Promise<Buffer>[], length: number): AsyncGenerator<Buffer> {
  while (ahead.length > length) {
    const piece = await ahead.shift();
    if (piece !== undefined) yield piece;
  }
}

/** What fails is told when it is asked for. */
function prefetched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function readWindow(file: FileHandle, { head, position }: UnreadRest): Promise<Window> {
  const buffer = Buffer.allocUnsafeSlow(head.length + WINDOW_BYTES);
  head.copy(buffer);
  const bytesRead = await readFully(file, buffer.subarray(head.length), position);
  const runs: Run[] = [];
  let left = buffer.subarray(0, head.length + bytesRead);
  while (left.length > 0) {
    const { compressedBytes, contentBytes } = measureZstd(left, FRAME_BYTES);
    if (compressedBytes === 0) break;
    runs.push({ frames: left.subarray(0, compressedBytes), contentBytes });
    left = left.subarray(compressedBytes);
  }
  return { runs, rest: { head: left, position: position + bytesRead }, isLast: bytesRead < WINDOW_BYTES };
}
