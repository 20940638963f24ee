import { hasErrno } from '../../native/index.ts';
import type { CriuDumpStatistics, CriuRestoreStatistics } from '../../schemas/index.ts';
import { readBytesAtOnce } from '../read-at-once.ts';
import { criuMessage } from './rpc-codec.ts';

/** IMG_SERVICE and STATS, the two magic numbers of the file. */
const MAGIC = 0x55105940;
const STATS_MAGIC = 0x57093306;
const HEADER_BYTES = 12;

interface Statistics {
  dump?: CriuDumpStatistics;
  restore?: CriuRestoreStatistics;
}

/** What `stats-dump` says; null when CRIU has not written it. */
export async function readDumpStatistics(file: string): Promise<CriuDumpStatistics | null> {
  return (await readStatistics(file))?.dump ?? null;
}

/** What `stats-restore` says; null when CRIU has not written it. */
export async function readRestoreStatistics(file: string): Promise<CriuRestoreStatistics | null> {
  return (await readStatistics(file))?.restore ?? null;
}

async function readStatistics(file: string): Promise<Statistics | null> {
  try {
    return parseStatistics(await readBytesAtOnce(file));
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Two magic numbers, a length and one message, all little endian. Throws for anything else. */
export function parseStatistics(bytes: Buffer): Statistics {
  if (
    bytes.length < HEADER_BYTES ||
    bytes.readUInt32LE(0) !== MAGIC ||
    bytes.readUInt32LE(4) !== STATS_MAGIC
  ) {
    throw new Error('read statistics of criu: this is no statistics file');
  }
  const end = HEADER_BYTES + bytes.readUInt32LE(8);
  if (end > bytes.length) throw new Error('read statistics of criu: the file is cut off');
  const type = criuMessage('stats_entry');
  return type.toObject(type.decode(bytes.subarray(HEADER_BYTES, end)), { longs: Number });
}
