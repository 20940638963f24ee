import type { LayerEntry } from './layer-entry.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { parsePaxTime } from './pax-records.ts';
import { decodeName, numberField, textField } from './tar-field.ts';

/** What precedes a header and adds to it: pax records, and GNU's long names. */
export interface HeaderExtensions {
  /** Of the archive (`g`), then of the entry (`x`): later ones win. */
  records: (readonly [string, Buffer])[];
  longName: Buffer | null;
  longLink: Buffer | null;
}

export interface TarHeader {
  entry: LayerEntry;
  /** Bytes that follow in the archive, without padding. */
  storedBytes: number;
}

const TYPES: Readonly<Record<string, LayerEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

const XATTR_PREFIX = 'SCHILY.xattr.';

/** The entry that a ustar, pax, GNU or V7 header block stands for, together with what preceded it. */
export function decodeHeader(block: Buffer, { records, longName, longLink }: HeaderExtensions): TarHeader {
  const pax = new Map(records);
  const name = decodeName(pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName ?? nameField(block));
  const letter = String.fromCharCode(block[156] ?? 0);
  let type = TYPES[letter];
  if (type === undefined) throw new LayerRefusal(name, `has the unknown type ${JSON.stringify(letter)}`);
  // V7 archives have no type for directories.
  if (type === 'file' && letter !== 'S' && name.endsWith('/')) type = 'directory';

  const number = (key: string, start: number, length: number): number => {
    const record = pax.get(key);
    const value = record === undefined ? numberField(block, start, length) : decimal(record);
    if (Number.isNaN(value)) throw new LayerRefusal(name, `has a bad ${key} in its header`);
    return value;
  };
  const declared = number('size', 124, 12);
  if (declared < 0) throw new LayerRefusal(name, 'has a negative size');
  const storedBytes = type === 'file' ? declared : 0;
  const isDevice = type === 'character' || type === 'block';
  const entry: LayerEntry = {
    name,
    type,
    linkTarget: decodeName(pax.get('linkpath') ?? longLink ?? textField(block, 157, 100)),
    mode: number('mode', 100, 8) & 0o7777,
    uid: number('uid', 108, 8),
    gid: number('gid', 116, 8),
    mtimeNs: modificationTime(pax.get('mtime'), () => number('mtime', 136, 12)),
    size: storedBytes,
    device: isDevice
      ? { major: number('devmajor', 329, 8), minor: number('devminor', 337, 8) }
      : { major: 0, minor: 0 },
    xattrs: [...pax]
      .filter(([key]) => key.startsWith(XATTR_PREFIX))
      .map(([key, value]) => [key.slice(XATTR_PREFIX.length), value] as const),
    sparse: null,
  };
  return { entry, storedBytes };
}

function modificationTime(record: Buffer | undefined, fromHeader: () => number): bigint {
  const exact = record === undefined ? null : parsePaxTime(record.toString('latin1'));
  return exact ?? BigInt(fromHeader()) * 1_000_000_000n;
}

function decimal(record: Buffer): number {
  const text = record.toString('latin1');
  const value = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** POSIX splits long names into prefix and name; GNU keeps times where the prefix would be. */
function nameField(block: Buffer): Buffer {
  const name = textField(block, 0, 100);
  if (block.toString('latin1', 257, 263) !== 'ustar\0' || block[345] === 0) return name;
  // star marks its headers at the end, and has times in the last bytes of the prefix.
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  return Buffer.concat([textField(block, 345, isStar ? 131 : 155), Buffer.from('/'), name]);
}
