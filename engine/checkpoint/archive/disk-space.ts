import type { Kernel } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';

/** Left free for others on the file system that is written to. */
const RESERVE_BYTES = 64 << 20;

/** Refuses, with NO_SPACE, what will not fit below `directory`. */
export function requireSpace(kernel: Kernel, directory: string, bytes: number, operation: string): void {
  const free = Number(kernel.statfs(directory).freeBytes);
  if (free >= bytes + RESERVE_BYTES) return;
  throw new EngineError(
    'NO_SPACE',
    `${operation}: it needs up to ${mebibytes(bytes)} in ${directory}, of which ${mebibytes(Math.max(0, free - RESERVE_BYTES))} are there`,
    { hint: 'free space, or name a directory on another disk' },
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
