import type { LayerEntry, SparseExtent } from './layer-entry.ts';
import { DEFAULT_LAYER_LIMITS } from './layer-limits.ts';
import type { LayerLimits } from './layer-limits.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { parsePaxRecords } from './pax-records.ts';
import { checkExtents, extentsOfBlock, extentsOfRecords, toExtents } from './sparse-map.ts';
import { hasValidChecksum, numberField } from './tar-field.ts';
import { decodeHeader } from './tar-header.ts';
import type { HeaderExtensions, TarHeader } from './tar-header.ts';

/** Told of what is in an archive, in its order: `begin`, the stored bytes of a file in pieces, `end`. */
export interface TarSink {
  begin(entry: LayerEntry): void;
  data(piece: Buffer): void;
  end(): void;
}

const BLOCK_BYTES = 512;

/**
 * Reads a tar archive (POSIX ustar and pax, GNU, V7) that is pushed in pieces of any size. Synchronous, holds no more than
 * one header at a time, and throws `LayerRefusal` for anything that is not as it should be. tar-stream reads pax records as
 * text, which destroys binary attributes such as file capabilities.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #limits: LayerLimits;
  /** What is being read: so many bytes for `#take`, then `#next` says what comes after. */
  #left = 0;
  #take: (piece: Buffer) => void = ignore;
  #next: () => void = ignore;

  #ended = false;
  /** True where an archive without end marker may end: before a header. */
  #betweenEntries = true;
  #sawZeroBlock = false;
  #lastName: string | null = null;
  #entries = 0;
  #globalRecords: HeaderExtensions['records'] = [];
  #extensions: HeaderExtensions = { records: [], longName: null, longLink: null };

  constructor(sink: TarSink, limits: LayerLimits = DEFAULT_LAYER_LIMITS) {
    this.#sink = sink;
    this.#limits = limits;
    this.#expectHeader();
  }

  /** `chunk` must not be changed afterwards. What follows the end of the archive is ignored. */
  write(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#ended) {
      if (this.#betweenEntries) this.#betweenEntries = false;
      const piece = rest.length <= this.#left ? rest : rest.subarray(0, this.#left);
      rest = rest.subarray(piece.length);
      this.#left -= piece.length;
      this.#take(piece);
      if (this.#left === 0) this.#next();
    }
  }

  /** To be called after the last piece: throws when the archive is cut off. */
  end(): void {
    if (!this.#ended && !this.#betweenEntries)
      throw new LayerRefusal(this.#lastName, 'the archive is cut off here');
  }

  #expect(bytes: number, take: (piece: Buffer) => void, next: () => void): void {
    this.#left = bytes;
    this.#take = take;
    this.#next = next;
    if (bytes === 0) next();
  }

  #expectWhole(bytes: number, use: (whole: Buffer) => void): void {
    const pieces: Buffer[] = [];
    this.#expect(
      bytes,
      (piece) => pieces.push(piece),
      () => {
        const [first = Buffer.alloc(0)] = pieces;
        use(pieces.length <= 1 ? first : Buffer.concat(pieces));
      },
    );
  }

  #expectHeader(): void {
    this.#betweenEntries = true;
    this.#expectWhole(BLOCK_BYTES, (block) => {
      this.#header(block);
    });
  }

  /** Skips what pads `bytes` to whole blocks. */
  #pad(bytes: number, next: () => void): void {
    this.#expect((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES, ignore, next);
  }

  #header(block: Buffer): void {
    if (isZero(block)) {
      this.#ended = this.#sawZeroBlock;
      this.#sawZeroBlock = true;
      this.#expectHeader();
      return;
    }
    if (this.#sawZeroBlock || !hasValidChecksum(block)) {
      throw new LayerRefusal(this.#lastName, 'what follows this entry is no tar header');
    }
    switch (String.fromCharCode(block[156] ?? 0)) {
      case 'x':
        this.#expectExtension(block, (body) => {
          this.#extensions.records = parsePaxRecords(body, this.#lastName);
        });
        break;
      case 'g':
        this.#expectExtension(block, (body) => {
          this.#globalRecords = [...this.#globalRecords, ...parsePaxRecords(body, this.#lastName)].slice(
            -1000,
          );
        });
        break;
      case 'L':
        this.#expectExtension(block, (body) => {
          this.#extensions.longName = untilZero(body);
        });
        break;
      case 'K':
        this.#expectExtension(block, (body) => {
          this.#extensions.longLink = untilZero(body);
        });
        break;
      default:
        this.#entry(block);
    }
  }

  #expectExtension(block: Buffer, use: (body: Buffer) => void): void {
    const bytes = numberField(block, 124, 12);
    if (!(bytes >= 0 && bytes <= this.#limits.maxHeaderBytes)) {
      throw new LayerRefusal(
        this.#lastName,
        `the extended header after it claims ${String(bytes)} bytes, more than ${String(this.#limits.maxHeaderBytes)}`,
      );
    }
    this.#expectWhole(bytes, (body) => {
      use(body);
      this.#pad(bytes, () => {
        this.#expectHeader();
        // Extensions belong to an entry that must still come.
        this.#betweenEntries = false;
      });
    });
  }

  #entry(block: Buffer): void {
    const { records, longName, longLink } = this.#extensions;
    this.#extensions = { records: [], longName: null, longLink: null };
    const all = [...this.#globalRecords, ...records];
    const header = decodeHeader(block, { records: all, longName, longLink });
    this.#lastName = header.entry.name;
    this.#entries++;
    if (this.#entries > this.#limits.maxEntries) {
      throw new LayerRefusal(
        header.entry.name,
        `the layer has more than ${String(this.#limits.maxEntries)} entries`,
      );
    }
    this.#readSparseMap(block, records, header);
  }

  /** Finds out which of the ways to store holes the entry uses, if any, and goes on with its content. */
  #readSparseMap(block: Buffer, records: HeaderExtensions['records'], header: TarHeader): void {
    const { entry, storedBytes } = header;
    const pax = new Map(records);
    const record = (key: string): number => Number(pax.get(key)?.toString('latin1') ?? Number.NaN);
    if (block[156] === 'S'.charCodeAt(0)) {
      entry.size = numberField(block, 483, 12);
      this.#extendOldMap(extentsOfBlock(block, 386, 4), block[482] === 1, header);
    } else if (record('GNU.sparse.major') === 1) {
      entry.size = record('GNU.sparse.realsize');
      this.#readMapBlocks([], '', header);
    } else {
      const extents = entry.type === 'file' ? extentsOfRecords(records, entry.name) : null;
      if (extents !== null) entry.size = record('GNU.sparse.size');
      this.#content(header, extents, storedBytes);
    }
  }

  #extendOldMap(extents: SparseExtent[], continues: boolean, header: TarHeader): void {
    if (!continues) {
      this.#content(header, extents, header.storedBytes);
      return;
    }
    if (extents.length * 24 > this.#limits.maxHeaderBytes) {
      throw new LayerRefusal(header.entry.name, 'its map of holes is too long');
    }
    this.#expectWhole(BLOCK_BYTES, (block) => {
      this.#extendOldMap([...extents, ...extentsOfBlock(block, 0, 21)], block[504] === 1, header);
    });
  }

  /** Format 1.0: the number of extents and their numbers, each on a line, padded to whole blocks. */
  #readMapBlocks(numbers: number[], unfinished: string, header: TarHeader, readBytes = 0): void {
    const [count] = numbers;
    if (count !== undefined && numbers.length > count * 2) {
      const extents = toExtents(numbers.slice(1, 1 + count * 2), header.entry.name);
      this.#content(header, extents, header.storedBytes - readBytes);
      return;
    }
    if (readBytes + BLOCK_BYTES > Math.min(header.storedBytes, this.#limits.maxHeaderBytes)) {
      throw new LayerRefusal(header.entry.name, 'its map of holes is damaged');
    }
    this.#expectWhole(BLOCK_BYTES, (block) => {
      const lines = (unfinished + block.toString('latin1')).split('\n');
      const last = lines.pop() ?? '';
      numbers.push(...lines.map((line) => (/^[0-9]{1,16}$/.test(line) ? Number(line) : Number.NaN)));
      this.#readMapBlocks(numbers, last.replaceAll('\0', ''), header, readBytes + BLOCK_BYTES);
    });
  }

  #content({ entry }: TarHeader, extents: SparseExtent[] | null, storedBytes: number): void {
    if (extents !== null) {
      if (!Number.isSafeInteger(entry.size) || entry.size < 0)
        throw new LayerRefusal(entry.name, 'has a bad size');
      checkExtents(extents, entry.size, storedBytes, entry.name);
      entry.sparse = extents;
    }
    this.#sink.begin(entry);
    this.#expect(
      storedBytes,
      (piece) => {
        this.#sink.data(piece);
      },
      () => {
        this.#sink.end();
        this.#pad(storedBytes, () => {
          this.#expectHeader();
        });
      },
    );
  }
}

function ignore(): void {
  // nothing to do with these bytes
}

const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

function isZero(block: Buffer): boolean {
  return block[0] === 0 && block.equals(ZERO_BLOCK);
}

function untilZero(body: Buffer): Buffer {
  const end = body.indexOf(0);
  return end === -1 ? body : body.subarray(0, end);
}
