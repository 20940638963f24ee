import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;
const TAG = /^\S+ (?:stdout|stderr) P(?::| |$)/;

/**
 * The offset in a log file at which its last `count` lines begin; lines in several partial pieces count as one. Reads from the end
 * backwards, so the size of the file does not matter.
 */
export async function findTail(file: FileHandle, size: number, count: number): Promise<number> {
  if (count === 0) return size;
  let position = size;
  // The bytes between `position` and the first line feed that was not used yet.
  let head = Buffer.alloc(0);
  let begun = 0;
  let start = size;
  while (position > 0) {
    const length = Math.min(CHUNK_BYTES, position);
    position -= length;
    const chunk = Buffer.alloc(length);
    await readFully(file, chunk, position);
    const buffer = Buffer.concat([chunk, head]);
    let end = buffer.length;
    for (;;) {
      const feed = buffer.lastIndexOf(10, end - 1);
      // The first line of the buffer may begin before it.
      if (feed < 0 || end === 0) break;
      const line = buffer.subarray(feed + 1, end);
      if (line.length > 0) {
        const counted = endsLine(line);
        if (counted && begun === count) return start;
        if (counted) begun += 1;
        start = position + feed + 1;
      }
      end = feed;
    }
    head = Buffer.from(buffer.subarray(0, end));
  }
  if (head.length > 0 && !(endsLine(head) && begun === count)) return 0;
  return start;
}

/** True for a line that ends one of the container's lines. */
function endsLine(line: Buffer): boolean {
  return !TAG.test(line.subarray(0, 80).toString('latin1'));
}

async function readFully(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) return;
    filled += bytesRead;
  }
}
