/** One entry of an archive to build; what is not given is harmless. */
export interface TarEntry {
  name: string | Buffer;
  /** Type flag of the header: `0` file, `1` hard link, `2` symbolic link, `3`, `4` devices, `5` directory, `6` fifo. */
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtimeSeconds?: number;
  content?: string | Buffer;
  linkTarget?: string;
  device?: { major: number; minor: number };
  /** Put before the entry as a pax header. */
  pax?: Record<string, string | Buffer>;
  /** The size that the header claims. Default: that of the content. */
  claimedSize?: number;
  /** Changes the finished header block before its checksum is made. */
  patch?: (block: Buffer) => void;
}

const BLOCK = 512;

/** A tar archive with its end marker. Written for tests: hostile values are put down as they are. */
export function buildTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(encodeEntry), Buffer.alloc(2 * BLOCK)]);
}

/** The blocks of one entry, with what precedes it. */
export function encodeEntry(entry: TarEntry): Buffer {
  const name = Buffer.from(entry.name);
  const link = Buffer.from(entry.linkTarget ?? '');
  const content = Buffer.from(entry.content ?? '');
  const parts: Buffer[] = [];
  if (entry.pax !== undefined) parts.push(paxHeader(entry.pax));
  if (name.length > 100) parts.push(gnuLong('L', name));
  if (link.length > 100) parts.push(gnuLong('K', link));
  return Buffer.concat([...parts, header(entry, name, link, content.length), padded(content)]);
}

function header(entry: TarEntry, name: Buffer, link: Buffer, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, 100);
  octal(block, entry.mode ?? 0o644, 100, 8);
  octal(block, entry.uid ?? 0, 108, 8);
  octal(block, entry.gid ?? 0, 116, 8);
  octal(block, entry.claimedSize ?? size, 124, 12);
  octal(block, entry.mtimeSeconds ?? 1_700_000_000, 136, 12);
  block.write(entry.type ?? '0', 156);
  link.copy(block, 157, 0, 100);
  block.write('ustar\0' + '00', 257, 'latin1');
  octal(block, entry.device?.major ?? 0, 329, 8);
  octal(block, entry.device?.minor ?? 0, 337, 8);
  entry.patch?.(block);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  octal(block, sum, 148, 8);
  return block;
}

function octal(block: Buffer, value: number, at: number, length: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  if (digits.length < length) {
    block.write(digits, at, 'latin1');
    return;
  }
  // GNU's base 256 for what does not fit.
  block[at] = 0x80;
  let rest = BigInt(value);
  for (let i = length - 1; i > 0; i--) {
    block[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

function paxHeader(records: Record<string, string | Buffer>): Buffer {
  const body = Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
  return Buffer.concat([
    header({ name: 'PaxHeaders', type: 'x' }, Buffer.from('PaxHeaders'), Buffer.alloc(0), body.length),
    padded(body),
  ]);
}

function gnuLong(type: 'L' | 'K', text: Buffer): Buffer {
  const body = Buffer.concat([text, Buffer.alloc(1)]);
  const name = Buffer.from('././@LongLink');
  return Buffer.concat([header({ name, type }, name, Buffer.alloc(0), body.length), padded(body)]);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}
