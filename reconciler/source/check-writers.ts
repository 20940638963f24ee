import type { Stats } from 'node:fs';

const GROUP_OR_OTHERS_MAY_WRITE = 0o022;

/**
 * Whoever can write a manifest decides what runs as root. Returns why somebody else can write this file or directory, with what
 * to do about it; null: nobody can.
 */
export function foreignWriters(
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
  path: string,
  ownUid: number,
): string | null {
  if (uid !== 0 && uid !== ownUid) {
    return `belongs to user ${String(uid)}, expected root: chown root ${path}`;
  }
  if ((mode & GROUP_OR_OTHERS_MAY_WRITE) !== 0) {
    const octal = (mode & 0o7777).toString(8).padStart(4, '0');
    return `has mode ${octal}, so that others than its owner can write it: chmod go-w ${path}`;
  }
  return null;
}
