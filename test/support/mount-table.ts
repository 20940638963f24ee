import { readFile } from 'node:fs/promises';

/** One line of proc_pid_mountinfo(5). */
export interface MountEntry {
  mountPoint: string;
  /** The part of the file system that is mounted: `/`, a directory of a bind mount, `net:[4026531840]` of a pinned namespace. */
  root: string;
  type: string;
  source: string;
}

/** The mounts that this process sees, in the order in which they were made. */
export async function readMountTable(): Promise<MountEntry[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type = '', source = ''] = after.split(' ');
    return { mountPoint: unescape(mountPoint), root: unescape(root), type, source: unescape(source) };
  });
}

/** Blanks, line feeds and backslashes stand as \040 and the like. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

export function isBeneath(directory: string, file: string): boolean {
  return file === directory || file.startsWith(`${directory}/`);
}
