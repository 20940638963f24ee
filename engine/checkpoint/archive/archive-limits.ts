/** What an archive may cost: one of a few bytes can stand for any amount. */
export interface ArchiveLimits {
  /** Uncompressed, all together. */
  maxBytes: number;
  maxEntries: number;
  /** One of the JSON documents. */
  maxDocumentBytes: number;
  /** All that is kept in memory to look at an archive. */
  maxMemoryBytes: number;
}

export const DEFAULT_ARCHIVE_LIMITS: Readonly<ArchiveLimits> = {
  maxBytes: 2 ** 40,
  maxEntries: 500_000,
  maxDocumentBytes: 8 << 20,
  maxMemoryBytes: 256 << 20,
};
