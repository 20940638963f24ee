import type { Kernel } from '../../../native/index.ts';
import { ImageError } from '../../criu/image/image-error.ts';
import { isBulkImage, MAX_IMAGE_BYTES } from '../../criu/image/image-source.ts';
import type { ByteRange, ImageSource } from '../../criu/image/image-source.ts';
import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import { DEFAULT_ARCHIVE_LIMITS } from '../archive/archive-limits.ts';
import type { ArchiveLimits } from '../archive/archive-limits.ts';
import { memberKey, memberOf } from '../archive/archive-member.ts';
import type { ArchiveMember, KnownFile } from '../archive/archive-member.ts';
import { readArchive } from '../archive/read-archive.ts';
import type { ArchiveSink } from '../archive/read-archive.ts';
import { ChangesReader } from './changes-reader.ts';
import { emptySizes, READ_DOCUMENTS } from './checkpoint-contents.ts';
import type { CheckpointContents } from './checkpoint-contents.ts';

/** Reads an archive once from beginning to end, and keeps what describes it; memory pages pass by. */
export async function openArchive(
  kernel: Kernel,
  file: string,
  options: { limits?: ArchiveLimits; signal?: AbortSignal } = {},
): Promise<CheckpointContents> {
  const { limits = DEFAULT_ARCHIVE_LIMITS, signal } = options;
  const operation = `inspect checkpoint archive ${file}`;
  const collector = new ArchiveCollector(limits);
  const { maxEntries, maxBytes } = limits;
  const reading = { operation, maxEntries, maxBytes, ...(signal === undefined ? {} : { signal }) };
  await readArchive(kernel, file, collector, reading);
  const { imageSizes, images } = collector;
  const source: ImageSource = {
    sizes: imageSizes,
    read(name) {
      const bytes = images.get(name);
      if (bytes === undefined) return Promise.reject(new ImageError(name, 0, 'the archive does not have it'));
      return Promise.resolve(bytes);
    },
    async readRanges(wanted) {
      const reader = new RangeCollector(wanted);
      // Only now is it known which pages matter; they may lie anywhere.
      if (wanted.size > 0) await readArchive(kernel, file, reader, reading);
      return reader.found;
    },
  };
  return {
    path: file,
    layout: 'archive',
    images: source,
    madeAt: collector.madeAt,
    documents: collector.documents,
    sizes: collector.sizes,
    rootfsChanges: collector.changes.changes,
  };
}

const INVENTORY = 'inventory.img';

class ArchiveCollector implements ArchiveSink {
  readonly imageSizes = new Map<string, number>();
  madeAt: Date | null = null;
  readonly images = new Map<string, Buffer>();
  readonly documents = new Map<KnownFile, Buffer>();
  readonly sizes = emptySizes();
  readonly changes = new ChangesReader();
  readonly #limits: ArchiveLimits;
  readonly #seen = new Set<string>();
  #kept = 0;
  #take: (piece: Buffer) => void = () => undefined;
  #finish: () => void = () => undefined;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  begin(entry: LayerEntry): void {
    const member = memberOf(entry);
    const key = memberKey(member);
    if (key !== null && this.#seen.has(key)) throw new LayerRefusal(entry.name, 'is in the archive twice');
    if (key !== null) this.#seen.add(key);
    this.sizes.total += entry.size;
    this.#take = () => undefined;
    this.#finish = () => undefined;
    this.#place(entry, member);
  }

  data(piece: Buffer): void {
    this.#take(piece);
  }

  end(): void {
    this.#finish();
  }

  #place(entry: LayerEntry, member: ArchiveMember): void {
    const { size } = entry;
    switch (member.kind) {
      case 'image':
        this.imageSizes.set(member.name, size);
        this.sizes.images += size;
        if (member.name === INVENTORY) this.madeAt = dateOf(entry.mtimeNs);
        if (member.name.startsWith('pages-')) this.sizes.memoryPages += size;
        if (!isBulkImage(member.name) && member.name.endsWith('.img')) {
          this.#keep(entry, MAX_IMAGE_BYTES, (bytes) => this.images.set(member.name, bytes));
        }
        break;
      case 'file':
        if (member.name === 'rootfs-diff.tar') {
          this.sizes.rootfsDiff = size;
          this.#take = (piece) => {
            this.changes.write(piece);
          };
        } else if (member.name === 'devshm-checkpoint.tar') this.sizes.sharedMemory = size;
        else if (READ_DOCUMENTS.has(member.name)) {
          this.#keep(entry, this.#limits.maxDocumentBytes, (bytes) => this.documents.set(member.name, bytes));
        }
        break;
      case 'volume':
        this.sizes.volumes[member.name] = size;
        break;
      default:
        break;
    }
  }

  /** Collects the content in pieces as they come, so that a size that is only claimed costs nothing. */
  #keep({ name, size }: LayerEntry, limit: number, use: (bytes: Buffer) => void): void {
    this.#kept += size;
    if (size > limit || this.#kept > this.#limits.maxMemoryBytes) {
      throw new LayerRefusal(name, `has ${String(size)} bytes, more than can be looked at`);
    }
    const pieces: Buffer[] = [];
    // A piece is a part of a larger buffer, which must not be held for it.
    this.#take = (piece) => pieces.push(Buffer.from(piece));
    this.#finish = () => {
      use(Buffer.concat(pieces));
    };
  }
}

/** Null for a time that no calendar has: an archive may claim anything. */
function dateOf(mtimeNs: bigint): Date | null {
  const date = new Date(Number(mtimeNs / 1_000_000n));
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Picks pieces out of files that are not kept. */
class RangeCollector implements ArchiveSink {
  readonly found = new Map<string, Buffer[]>();
  readonly #wanted: ReadonlyMap<string, readonly ByteRange[]>;
  #current: { ranges: readonly ByteRange[]; pieces: Buffer[][]; at: number; name: string } | null = null;

  constructor(wanted: ReadonlyMap<string, readonly ByteRange[]>) {
    this.#wanted = wanted;
  }

  begin(entry: LayerEntry): void {
    const member = memberOf(entry);
    const ranges = member.kind === 'image' ? this.#wanted.get(member.name) : undefined;
    this.#current =
      ranges === undefined || member.kind !== 'image'
        ? null
        : { ranges, pieces: ranges.map(() => []), at: 0, name: member.name };
  }

  data(piece: Buffer): void {
    const current = this.#current;
    if (current === null) return;
    const start = current.at;
    const end = start + piece.length;
    for (const [index, { offset, length }] of current.ranges.entries()) {
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + length);
      if (from < to) current.pieces[index]?.push(Buffer.from(piece.subarray(from - start, to - start)));
    }
    current.at = end;
  }

  end(): void {
    if (this.#current === null) return;
    this.found.set(
      this.#current.name,
      this.#current.pieces.map((pieces) => Buffer.concat(pieces)),
    );
    this.#current = null;
  }

  isSatisfied(): boolean {
    return this.found.size === this.#wanted.size;
  }
}
