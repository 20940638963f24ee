import { constants } from 'node:fs';
import { access, realpath, rename } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';

/**
 * rename(2) of a complete file to the path where somebody wants it, in place of what is there. Throws BAD_REQUEST where that cannot be
 * replaced, and leaves both then.
 */
export async function replaceFile(complete: string, file: string, operation: string): Promise<void> {
  try {
    await rename(complete, file);
  } catch (error) {
    throw explain(error, file, operation);
  }
}

/**
 * Refuses, with BAD_REQUEST, a file that `replaceFile` certainly cannot replace: what is mounted, or immutable. One that may only be
 * appended to looks like any other until then.
 */
export async function requireReplaceable(file: string, operation: string): Promise<void> {
  const directory = await realpath(path.dirname(file));
  if (isMountPoint(path.join(directory, path.basename(file)))) throw refusal(MOUNTED, file, operation);
  try {
    await access(file, constants.W_OK);
  } catch (error) {
    // Modes and read-only files are nothing to rename(2).
    if (hasErrno(error, 'EPERM')) throw refusal(PROTECTED, file, operation, error);
  }
}

interface Obstacle {
  found: string;
  hint: (file: string) => string;
}

/** ioctl_iflags(2): FS_IMMUTABLE_FL and FS_APPEND_FL keep even root from it. */
const PROTECTED: Obstacle = {
  found: 'one that is immutable, or may only be appended to',
  hint: (file) => `take that away with: chattr -ia ${file}, or name another file`,
};
const MOUNTED: Obstacle = {
  found: 'one that something is mounted on',
  hint: () => 'name another file, for instance in a directory that is mounted as a whole',
};

function explain(error: unknown, file: string, operation: string): unknown {
  if (hasErrno(error, 'EPERM')) return refusal(PROTECTED, file, operation, error);
  if (hasErrno(error, 'EBUSY')) return refusal(MOUNTED, file, operation, error);
  return error;
}

function refusal({ found, hint }: Obstacle, file: string, operation: string, cause?: unknown): EngineError {
  return new EngineError(
    'BAD_REQUEST',
    `${operation}: write ${file}: expected a file that can be replaced, found ${found}`,
    { hint: hint(file), cause },
  );
}
