import { readFileSync } from 'node:fs';

/**
 * Reads a small file that is in memory: of /run, /proc or /sys, or one on disk that we, or a step before, have just written or read. By way
 * of the thread pool it would take four turns, each of which waits for a thread and then for its turn here.
 */
export function readAtOnce(file: string): Promise<string> {
  return new Promise((resolve) => {
    resolve(readFileSync(file, 'utf8'));
  });
}

export function readBytesAtOnce(file: string): Promise<Buffer> {
  return new Promise((resolve) => {
    resolve(readFileSync(file));
  });
}
