/** A piece of a file, in bytes. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** Where image files come from: a directory, or an archive that is not unpacked. */
export interface ImageSource {
  /** Bytes of each image file, by its name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** A whole file. Throws ImageError when it is missing, or larger than MAX_IMAGE_BYTES. */
  read(name: string): Promise<Buffer>;
  /** Pieces of files of any size, all at once; a piece that goes beyond the end of its file is cut off there. */
  readRanges(wanted: ReadonlyMap<string, readonly ByteRange[]>): Promise<Map<string, Buffer[]>>;
}

/** What is read whole describes memory, but does not hold it: a quarter of this is enough for a process of a TiB. */
export const MAX_IMAGE_BYTES = 64 << 20;

/** Images that are not read whole, since they hold what was in memory or on a tmpfs. */
export function isBulkImage(name: string): boolean {
  return /^(?:pages-|tmpfs-|ghost-file-|gpu|amdgpu)/.test(name);
}
