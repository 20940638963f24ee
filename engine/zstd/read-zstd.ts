import type { FileHandle } from 'node:fs/promises';
import { decodeStream } from './decode-stream.ts';
import { readAhead } from './read-ahead.ts';
import { readWholeFrames } from './whole-frames.ts';

/**
 * The content of a zstd file (RFC 8878, any number of frames) in pieces of some MiB at most, each a buffer of its own. As long as the frames are
 * small and say their size, as those of ours do, several are decoded at a time; from the first other one on it is a stream. While a piece
 * is looked at the next ones are decoded. Throws ZstdError.
 */
export async function* readZstd(file: FileHandle): AsyncGenerator<Buffer> {
  const rest = yield* readWholeFrames(file);
  if (rest !== null) yield* readAhead(decodeStream(file, rest));
}
