import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** sun_path of unix(7) holds 108 bytes with the final NUL. */
const LONGEST_BYTES = 107;

/**
 * A name for the socket at `path` that fits into sun_path: a long one goes by the descriptor of its directory. `release` is called
 * when the name is no longer used.
 */
export function shortSocketPath(path: string): { path: string; release: () => void } {
  if (Buffer.byteLength(path) <= LONGEST_BYTES) return { path, release: () => undefined };
  const directory = openSync(dirname(path), 'r');
  return {
    path: `/proc/self/fd/${directory}/${basename(path)}`,
    release: () => {
      closeSync(directory);
    },
  };
}
