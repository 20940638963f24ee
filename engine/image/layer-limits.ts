/** What a layer may cost: an archive of a few bytes can stand for a file system of any size. */
export interface LayerLimits {
  /** Bytes of the uncompressed archive, and also of all its files together (holes of sparse files included). */
  maxBytes: number;
  maxEntries: number;
  /** Bytes of one extended header: long names, attributes. */
  maxHeaderBytes: number;
  /** Bytes of the names of all directories, which are kept in memory until the end. */
  maxDirectoryNameBytes: number;
}

export const DEFAULT_LAYER_LIMITS: Readonly<LayerLimits> = {
  maxBytes: 64 * 2 ** 30,
  maxEntries: 2_000_000,
  maxHeaderBytes: 2 ** 20,
  maxDirectoryNameBytes: 128 * 2 ** 20,
};
