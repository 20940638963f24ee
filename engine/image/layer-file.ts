import { ftruncateSync, writeSync } from 'node:fs';
import type { LayerEntry } from './layer-entry.ts';

/** A regular file of a layer while its content arrives. */
export class LayerFile {
  readonly entry: LayerEntry;
  /** Descriptor of its directory, and its name there. */
  readonly directory: number;
  readonly base: string;
  readonly fd: number;
  /** In a file with holes: the extent that is being filled, and how much of it is. */
  #extent = 0;
  #filled = 0;

  constructor(entry: LayerEntry, directory: number, base: string, fd: number) {
    this.entry = entry;
    this.directory = directory;
    this.base = base;
    this.fd = fd;
  }

  /** A file with holes gets its size first, as a hole may be its end. */
  reserve(): void {
    if (this.entry.sparse !== null) ftruncateSync(this.fd, this.entry.size);
  }

  /** Takes the next stored bytes. */
  write(piece: Buffer): void {
    if (this.entry.sparse === null) {
      writeAll(this.fd, piece, null);
      return;
    }
    let rest = piece;
    while (rest.length > 0) {
      const extent = this.entry.sparse[this.#extent];
      if (extent === undefined) return;
      const part = rest.subarray(0, extent.length - this.#filled);
      writeAll(this.fd, part, extent.offset + this.#filled);
      rest = rest.subarray(part.length);
      this.#filled += part.length;
      if (this.#filled === extent.length) {
        this.#extent++;
        this.#filled = 0;
      }
    }
  }
}

function writeAll(fd: number, data: Buffer, position: number | null): void {
  let at = 0;
  while (at < data.length) {
    at += writeSync(fd, data, at, data.length - at, position === null ? null : position + at);
  }
}
