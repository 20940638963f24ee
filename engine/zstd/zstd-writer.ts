import { compressZstd } from '../../native/index.ts';
import { FRAME_BYTES, FRAMES_AHEAD } from './zstd-frame.ts';

/** Level 1: memory shrinks little more at higher ones. */
const LEVEL = 1;

/**
 * Compresses what is written to it into a file of many frames (RFC 8878), each for itself, so that several are worked on at a time, here and when
 * they are read. `sink` gets them in their order, one after the other.
 */
export class ZstdWriter {
  readonly #sink: (frame: Buffer) => Promise<void>;
  #pieces: Buffer[] = [];
  #gathered = 0;
  /** Frames that are not written yet, oldest first. */
  readonly #waiting: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(sink: (frame: Buffer) => Promise<void>) {
    this.#sink = sink;
  }

  /** `bytes` must not change afterwards. Waits when there are enough frames under way. */
  async write(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const piece = rest.subarray(0, FRAME_BYTES - this.#gathered);
      rest = rest.subarray(piece.length);
      this.#pieces.push(piece);
      this.#gathered += piece.length;
      if (this.#gathered === FRAME_BYTES) await this.#endFrame();
    }
  }

  /** Resolves when all is written. */
  async finish(): Promise<void> {
    if (this.#gathered > 0) await this.#endFrame();
    await Promise.all(this.#waiting);
  }

  /** Resolves when nothing is under way any more; to be called whatever has failed. */
  async settle(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  async #endFrame(): Promise<void> {
    const compressed = compressZstd(this.#pieces, LEVEL);
    this.#pieces = [];
    this.#gathered = 0;
    const written = this.#writeBehind(this.#last, compressed);
    // Whoever waits for it below is told; until then it must not be taken for unhandled.
    written.catch(() => undefined);
    this.#last = written;
    this.#waiting.push(written);
    if (this.#waiting.length > FRAMES_AHEAD) await this.#waiting.shift();
  }

  /** Settles when neither of them is under way any more, whichever has failed: the sink may be closed then. */
  async #writeBehind(before: Promise<void>, compressed: Promise<Buffer>): Promise<void> {
    await Promise.allSettled([before, compressed]);
    await before;
    await this.#sink(await compressed);
  }
}
