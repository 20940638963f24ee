import { ZstdError } from '../../native/index.ts';

/** What is wrong with compressed data, to be said after "its compressed data"; null when the data are not to blame. */
export function explainZstd(error: unknown): string | null {
  if (!(error instanceof ZstdError)) return null;
  switch (error.code) {
    case 'ZSTD_DATA':
      return `are damaged or cut off (${error.message})`;
    case 'ZSTD_WINDOW':
      return 'need more than 128 MiB of memory to be read; compress them with a window that is no larger (zstd --long=27)';
    case 'ZSTD_MEMORY':
      return null;
  }
}
