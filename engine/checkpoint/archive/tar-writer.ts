import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteOutput } from './archive-output.ts';
import { encodeTarHeader, END_OF_ARCHIVE, paddingOf } from './tar-encoder.ts';
import type { TarEntryHeader } from './tar-encoder.ts';

const readAsync = promisify(read);
const CHUNK_BYTES = 1 << 20;

/** Writes a tar archive, entry by entry. */
export class TarWriter {
  readonly #output: ByteOutput;
  /** So far, headers included. */
  bytes = 0;

  readonly #onContent: (piece: Buffer) => void;

  /** `onContent`: told of the content of entries, without headers and padding. */
  constructor(output: ByteOutput, onContent: (piece: Buffer) => void = () => undefined) {
    this.#output = output;
    this.#onContent = onContent;
  }

  /** An entry without content. */
  async add(entry: TarEntryHeader): Promise<void> {
    await this.#write(encodeTarHeader(entry));
  }

  async addBytes(entry: TarEntryHeader, content: Buffer): Promise<void> {
    await this.#write(encodeTarHeader({ ...entry, size: content.length }));
    this.#onContent(content);
    await this.#write(content);
    await this.#write(Buffer.alloc(paddingOf(content.length)));
  }

  /**
   * The content of an open file, `entry.size` bytes of it. One that is cut off meanwhile, by somebody who still writes, is filled
   * up with zeros, as tar(1) does: the archive stays whole.
   */
  async addFile(entry: TarEntryHeader, fd: number): Promise<void> {
    await this.#write(encodeTarHeader(entry));
    let done = 0;
    while (done < entry.size) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, entry.size - done));
      const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, done);
      if (bytesRead === 0) buffer.fill(0);
      const piece = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
      this.#onContent(piece);
      await this.#write(piece);
      done += piece.length;
    }
    await this.#write(Buffer.alloc(paddingOf(entry.size)));
  }

  async finish(): Promise<void> {
    await this.#write(END_OF_ARCHIVE);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    this.bytes += bytes.length;
    await this.#output.write(bytes);
  }
}
