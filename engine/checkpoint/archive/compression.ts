/** How an archive is compressed. tsctr writes the first three, and reads them all, as podman does. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

export const WRITTEN_COMPRESSIONS = ['zstd', 'gzip', 'none'] as const;
export type WrittenCompression = (typeof WRITTEN_COMPRESSIONS)[number];

const MAGICS: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 0x08])],
  ['bzip2', Buffer.from('BZh', 'latin1')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
];

export const MAGIC_BYTES = 10;

/** Judged by the first bytes: names of archives are not always right (many zstd ones are called .tar.gz). */
export function detectCompression(firstBytes: Buffer): Compression {
  const found = MAGICS.find(([, magic]) => firstBytes.subarray(0, magic.length).equals(magic));
  return found?.[0] ?? 'none';
}
