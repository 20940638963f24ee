import { closeSync, openSync, readSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { RESTORE_LOG } from './options.ts';

/** CRIU names its yard in the first of some hundred lines about mounts, a few KiB after the beginning. */
const MAX_HEAD_BYTES = 256 * 1024;

/** What CRIU says of the first mount; what a container has named comes behind it. */
const FIRST_MOUNT = /mnt: \s*Will mount \d+ @ (\/tmp\/\.criu\.mntns\.\w{6})\//;

/**
 * Removes the directory in which a CRIU that was killed in a restore has put mounts together, below /tmp and nowhere else. The mounts were
 * those of its own namespace, and have gone with it: what is left is empty. `directory` has the log of that restore; without one, and after
 * a CRIU that has come to its end, there is nothing to remove.
 */
export function removeMountYard(directory: string): void {
  const yard = FIRST_MOUNT.exec(headOf(path.join(directory, RESTORE_LOG)))?.[1];
  if (yard === undefined) return;
  try {
    rmdirSync(yard);
  } catch {
    // CRIU has removed it itself.
  }
}

function headOf(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const head = Buffer.alloc(MAX_HEAD_BYTES);
    return head.toString('latin1', 0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}
