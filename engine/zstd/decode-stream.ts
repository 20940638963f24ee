import type { FileHandle } from 'node:fs/promises';
import { openZstdDecoder, ZstdError } from '../../native/index.ts';
import type { ZstdDecoder } from '../../native/index.ts';
import { readFully } from './read-fully.ts';
import type { UnreadRest } from './whole-frames.ts';

const INPUT_BYTES = 256 << 10;
const OUTPUT_BYTES = 512 << 10;

/** The content of any frames, one step after the other. */
export async function* decodeStream(file: FileHandle, rest: UnreadRest): AsyncGenerator<Buffer> {
  const decoder = openZstdDecoder();
  try {
    yield* decodeBy(decoder, file, rest);
  } finally {
    decoder.close();
  }
}

async function* decodeBy(
  decoder: ZstdDecoder,
  file: FileHandle,
  { head, position }: UnreadRest,
): AsyncGenerator<Buffer> {
  let input = head;
  let at = position;
  let isAtEnd = false;
  let isWithinFrame = false;
  let output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  let filled = 0;
  for (;;) {
    if (input.length === 0 && !isAtEnd) {
      const buffer = Buffer.allocUnsafeSlow(INPUT_BYTES);
      input = buffer.subarray(0, await readFully(file, buffer, at));
      at += input.length;
      isAtEnd = input.length < INPUT_BYTES;
    }
    if (input.length === 0 && !isWithinFrame) break;
    const step = await decoder.step(input, output.subarray(filled));
    if (input.length === 0 && step.bytesWritten === 0 && step.isWithinFrame) {
      throw new ZstdError('ZSTD_DATA', 'the last frame is cut off');
    }
    input = input.subarray(step.bytesRead);
    isWithinFrame = step.isWithinFrame;
    filled += step.bytesWritten;
    if (filled < output.length) continue;
    yield output;
    output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
    filled = 0;
  }
  if (filled > 0) yield output.subarray(0, filled);
}
