import type { LayerEntry } from '../../image/layer-entry.ts';

/** What the header of an entry says; `name` of a directory ends with a slash. */
export type TarEntryHeader = Omit<LayerEntry, 'sparse'>;

export const BLOCK_BYTES = 512;

const TYPE_FLAGS: Readonly<Record<LayerEntry['type'], string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const NAME_BYTES = 100;
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;
const NS_PER_S = 1_000_000_000n;

/**
 * The header blocks of an entry (POSIX ustar), preceded by a pax header where ustar has no room: long names, large numbers, parts
 * of seconds, extended attributes. These are bytes, which packages for tar archives treat as text.
 */
export function encodeTarHeader(entry: TarEntryHeader): Buffer {
  const records = paxRecords(entry);
  if (records.length === 0) return ustarBlock(entry, entry.type, entry.size);
  const body = Buffer.concat(records);
  const extension = { ...entry, name: 'PaxHeaders/entry', linkTarget: '', device: { major: 0, minor: 0 } };
  return Buffer.concat([
    ustarBlock(extension, 'x', body.length),
    body,
    Buffer.alloc(paddingOf(body.length)),
    ustarBlock(entry, entry.type, entry.size),
  ]);
}

/** Zero bytes that follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);

function paxRecords(entry: TarEntryHeader): Buffer[] {
  const records: Buffer[] = [];
  const add = (key: string, value: string | Buffer): void => {
    records.push(paxRecord(key, Buffer.from(value)));
  };
  if (!fits(entry.name)) add('path', entry.name);
  if (!fits(entry.linkTarget)) add('linkpath', entry.linkTarget);
  if (entry.uid > MAX_OCTAL_7) add('uid', String(entry.uid));
  if (entry.gid > MAX_OCTAL_7) add('gid', String(entry.gid));
  if (entry.size > MAX_OCTAL_11) add('size', String(entry.size));
  if (entry.mtimeNs % NS_PER_S !== 0n || entry.mtimeNs < 0n) add('mtime', formatSeconds(entry.mtimeNs));
  for (const [name, value] of entry.xattrs) add(`SCHILY.xattr.${name}`, value);
  return records;
}

function fits(name: string): boolean {
  return name.length <= NAME_BYTES && /^[\x20-\x7e]*$/.test(name);
}

/** The length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function formatSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const positive = ns < 0n ? -ns : ns;
  return `${sign}${String(positive / NS_PER_S)}.${String(positive % NS_PER_S).padStart(9, '0')}`;
}

function ustarBlock(entry: TarEntryHeader, type: LayerEntry['type'] | 'x', size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  Buffer.from(entry.name).copy(block, 0, 0, NAME_BYTES);
  writeOctal(block, entry.mode, 100, 8);
  writeOctal(block, entry.uid > MAX_OCTAL_7 ? 0 : entry.uid, 108, 8);
  writeOctal(block, entry.gid > MAX_OCTAL_7 ? 0 : entry.gid, 116, 8);
  writeOctal(block, size > MAX_OCTAL_11 ? 0 : size, 124, 12);
  writeOctal(block, entry.mtimeNs < 0n ? 0 : Number(entry.mtimeNs / NS_PER_S), 136, 12);
  block.write(type === 'x' ? 'x' : TYPE_FLAGS[type], 156, 'latin1');
  Buffer.from(entry.linkTarget).copy(block, 157, 0, NAME_BYTES);
  block.write('ustar\x0000', 257, 'latin1');
  writeOctal(block, entry.device.major, 329, 8);
  writeOctal(block, entry.device.minor, 337, 8);
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeOctal(block: Buffer, value: number, at: number, length: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), at, length - 1, 'latin1');
}
