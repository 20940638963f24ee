import type protobuf from 'protobufjs';
import { ImageError } from './image-error.ts';
import { COMMON_MAGIC, IMAGE_KINDS, SERVICE_MAGIC } from './image-kinds.ts';
import type { ImageKind } from './image-kinds.ts';
import { imageMessage } from './image-message.ts';
import type { ImageEntries } from './image-entry.ts';

/** No entry of CRIU's is longer: the longest hold the mappings of one process. */
const MAX_ENTRY_BYTES = 16 << 20;
const LENGTH_BYTES = 4;

/**
 * The entries of an image file, one after the other. `file` is its name, for errors; the bytes are somebody else's word and
 * checked as such. Throws ImageError where they are not what they should be, after the entries before.
 */
export function* readEntries<Kind extends ImageKind>(
  file: string,
  bytes: Buffer,
  kind: Kind,
): Generator<ImageEntries[Kind]> {
  const type = imageMessage(IMAGE_KINDS[kind].message);
  let at = checkMagic(file, bytes, kind);
  while (at < bytes.length) {
    const isHead = kind === 'pagemap' && at === 2 * LENGTH_BYTES;
    const { body, next } = entryAt(file, bytes, at);
    // A head has one field with the number that is `vaddr` in the others.
    yield (isHead ? decodeHead(file, at, body) : decode(file, at, body, type)) as ImageEntries[Kind];
    at = next;
  }
}

/** The only entry of a file that has one. */
export function readOnlyEntry<Kind extends ImageKind>(
  file: string,
  bytes: Buffer,
  kind: Kind,
): ImageEntries[Kind] {
  for (const entry of readEntries(file, bytes, kind)) return entry;
  throw new ImageError(file, bytes.length, 'the file holds no entry, expected one');
}

/** The offset of the first entry. */
function checkMagic(file: string, bytes: Buffer, kind: ImageKind): number {
  const expected = kind === 'inventory' ? null : kind === 'stats' ? SERVICE_MAGIC : COMMON_MAGIC;
  let at = 0;
  if (expected !== null) {
    expectNumber(file, bytes, at, expected);
    at += LENGTH_BYTES;
  }
  expectNumber(file, bytes, at, IMAGE_KINDS[kind].magic);
  return at + LENGTH_BYTES;
}

function expectNumber(file: string, bytes: Buffer, at: number, expected: number): void {
  if (bytes.length < at + LENGTH_BYTES) throw new ImageError(file, bytes.length, 'the file is cut off');
  const found = bytes.readUInt32LE(at);
  if (found === expected) return;
  throw new ImageError(file, at, `expected the magic number ${hex(expected)}, found ${hex(found)}`);
}

function entryAt(file: string, bytes: Buffer, at: number): { body: Buffer; next: number } {
  const start = at + LENGTH_BYTES;
  if (bytes.length < start) throw new ImageError(file, at, 'the file is cut off in the length of an entry');
  const length = bytes.readUInt32LE(at);
  if (length > MAX_ENTRY_BYTES) {
    const limit = String(MAX_ENTRY_BYTES);
    throw new ImageError(file, at, `an entry claims ${String(length)} bytes, more than ${limit}`);
  }
  const next = start + length;
  if (bytes.length < next) throw new ImageError(file, at, 'the file is cut off in an entry');
  return { body: bytes.subarray(start, next), next };
}

function decodeHead(file: string, at: number, body: Buffer): object {
  return decode(file, at, body, imageMessage('pagemap_head'));
}

function decode(file: string, at: number, body: Buffer, type: protobuf.Type): object {
  try {
    return type.toObject(type.decode(body), { enums: String, longs: Number, arrays: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageError(file, at, `the entry is no ${type.name} (${reason})`, { cause: error });
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
