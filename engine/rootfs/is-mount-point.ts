import { readFileSync } from 'node:fs';
import { unescapeOctal } from '../cgroup/cgroup-layout.ts';

/** True when something is mounted at exactly `target`, an absolute path without links (proc_pid_mountinfo(5)). */
export function isMountPoint(target: string): boolean {
  return mountPointsBelow(target).includes(target);
}

/** All mount points at or below `directory`, deepest first, so that they can be unmounted in this order. */
export function mountPointsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse();
}
