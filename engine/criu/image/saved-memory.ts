import { readEntries } from './image-entries.ts';
import { ImageError } from './image-error.ts';
import type { PagemapEntry } from './image-entry.ts';
import type { ByteRange } from './image-source.ts';

/** Of the architectures that tsctr runs on; CRIU does not record it. */
const PAGE_BYTES = 4096;
/** Bits of `flags` in a pagemap entry (CRIU's pagemap.h). */
const IN_PARENT = 1;
const PRESENT = 4;

/** Where in `pages-<id>.img` the saved memory of a process lies. */
export interface SavedMemory {
  /** Name of the file with the pages. */
  pagesFile: string;
  savedBytes: number;
  /** Of an earlier dump, which this one builds on. */
  inParentBytes: number;
}

/** An address range of a process, and the places of its pages; bytes that are in none of them were not saved. */
export interface MemoryRange {
  start: number;
  end: number;
}

export interface LocatedPiece extends ByteRange {
  /** Where the piece belongs, in bytes from the start of the range. */
  at: number;
}

/** Reads `pagemap-<pid>.img`, and finds the pieces of memory that are asked for. Keeps nothing else of a file of any length. */
export function locateMemory(
  file: string,
  bytes: Buffer,
  ranges: readonly MemoryRange[],
): SavedMemory & { pieces: LocatedPiece[][] } {
  let pagesFile: string | null = null;
  let offset = 0;
  let inParentBytes = 0;
  let mappedUntil = 0;
  const pieces: LocatedPiece[][] = ranges.map(() => []);
  for (const entry of readEntries(file, bytes, 'pagemap')) {
    if (pagesFile === null) {
      pagesFile = `pages-${String(entry.pages_id)}.img`;
      continue;
    }
    const start = entry.vaddr ?? 0;
    // CRIU writes them in this order; without it one page could stand for any amount of memory.
    if (start < mappedUntil)
      throw new ImageError(file, 0, 'the entries are not in the order of their addresses');
    const length = pageCount(entry) * PAGE_BYTES;
    if (!Number.isSafeInteger(length))
      throw new ImageError(file, 0, 'an entry has more pages than there can be');
    mappedUntil = start + length;
    if (isInParent(entry)) inParentBytes += length;
    if (!isPresent(entry)) continue;
    for (const [index, range] of ranges.entries()) {
      const from = Math.max(range.start, start);
      const to = Math.min(range.end, start + length);
      if (from < to)
        pieces[index]?.push({ offset: offset + from - start, length: to - from, at: from - range.start });
    }
    offset += length;
  }
  if (pagesFile === null)
    throw new ImageError(file, bytes.length, 'the file holds no entry, expected a head');
  return { pagesFile, savedBytes: offset, inParentBytes, pieces };
}

function pageCount({ nr_pages = 0, compat_nr_pages = 0 }: PagemapEntry): number {
  return nr_pages > 0 ? nr_pages : compat_nr_pages;
}

function isInParent({ flags, in_parent }: PagemapEntry): boolean {
  return in_parent === true || (flags !== undefined && (flags & IN_PARENT) !== 0);
}

/** Images of before CRIU 2.6 have no flags: all that is not in the parent is here. */
function isPresent(entry: PagemapEntry): boolean {
  return !isInParent(entry) && (entry.flags === undefined || (entry.flags & PRESENT) !== 0);
}
