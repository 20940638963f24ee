import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, O_PATH } from '../../native/index.ts';
import { unescapeOctal } from '../cgroup/cgroup-layout.ts';

/**
 * True when something is mounted at exactly `target`, an absolute path without links. What is asked is the kernel's number of the mount on
 * which the path is (proc_pid_fdinfo(5)), and not the table of all mounts, which grows with every container.
 */
export function isMountPoint(target: string): boolean {
  const mount = mountIdOf(target);
  return mount !== null && (target === '/' || mount !== mountIdOf(path.dirname(target)));
}

/** All mount points at or below `directory`, deepest first, so that they can be unmounted in this order. */
export function mountPointsBelow(directory: string): string[] {
  if (cannotHoldMounts(directory)) return [];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse();
}

/** True for a directory that is not there, or that is empty and no mount point: then the table need not be read. */
function cannotHoldMounts(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0 && !isMountPoint(directory);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    // A file, or a file system that does not answer.
    return false;
  }
}

/** The number of the mount on which `file` is; null when there is no such file. */
function mountIdOf(file: string): string | null {
  let fd: number;
  try {
    fd = openSync(file, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
  try {
    const text = readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'utf8');
    return /^mnt_id:\s*(\d+)$/m.exec(text)?.[1] ?? null;
  } finally {
    closeSync(fd);
  }
}
