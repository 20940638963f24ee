import type { SparseExtent } from './layer-entry.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { numberField } from './tar-field.ts';

/**
 * GNU tar's ways to store files with holes (its manual, "Storing Sparse Files"): the old one in header blocks, and three in
 * pax headers, of which the last puts the map before the data.
 */
const EXTENT_BYTES = 24;

/** The `count` extents in a header block of type `S` (4, at 386) or one that continues it (21, at 0). */
export function extentsOfBlock(block: Buffer, start: number, count: number): SparseExtent[] {
  const extents: SparseExtent[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * EXTENT_BYTES;
    if (block[at] === 0 && block[at + 12] === 0) break;
    extents.push({ offset: numberField(block, at, 12), length: numberField(block, at + 12, 12) });
  }
  return extents;
}

/** Formats 0.0 (one record for each number) and 0.1 (`GNU.sparse.map`); null when there is no map in the records. */
export function extentsOfRecords(
  records: readonly (readonly [string, Buffer])[],
  entry: string,
): SparseExtent[] | null {
  const numbers: number[] = [];
  let found = false;
  for (const [key, value] of records) {
    if (key === 'GNU.sparse.map') numbers.push(...value.toString('latin1').split(',').map(Number));
    else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      numbers.push(Number(value.toString('latin1')));
    } else continue;
    found = true;
  }
  return found ? toExtents(numbers, entry) : null;
}

/** Format 1.0: the text of the map, its first number (of extents) left out. */
export function toExtents(numbers: readonly number[], entry: string): SparseExtent[] {
  if (numbers.length % 2 !== 0) throw new LayerRefusal(entry, 'its map of holes is damaged');
  const extents: SparseExtent[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    extents.push({ offset: numbers[i] ?? Number.NaN, length: numbers[i + 1] ?? Number.NaN });
  }
  return extents;
}

/** Extents must rise, not overlap, lie within the file and be as long together as what is stored. */
export function checkExtents(
  extents: readonly SparseExtent[],
  size: number,
  storedBytes: number,
  entry: string,
): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of extents) {
    const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && length >= 0;
    if (!sound || offset < end || offset + length > size) {
      throw new LayerRefusal(entry, 'its map of holes is damaged');
    }
    end = offset + length;
    total += length;
  }
  if (total !== storedBytes) throw new LayerRefusal(entry, 'its map of holes does not fit its data');
}
