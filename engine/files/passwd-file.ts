/** A line of passwd(5). */
export interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** A line of group(5). */
export interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

/** The highest id that the kernel gives out; 2^32-1 means "no change" to it. */
export const MAX_ID = 4_294_967_294;

/** Entries of passwd(5) in the order of the file; lines that are none are skipped, as the C library does. */
export function parsePasswd(text: string): PasswdEntry[] {
  return fieldsOf(text).flatMap(([name = '', , uid, gid, , home]) => {
    const [user, group] = [parseId(uid ?? ''), parseId(gid ?? '')];
    return name === '' || user === null || group === null
      ? []
      : [{ name, uid: user, gid: group, home: home ?? '' }];
  });
}

/** Entries of group(5) in the order of the file; lines that are none are skipped. */
export function parseGroup(text: string): GroupEntry[] {
  return fieldsOf(text).flatMap(([name = '', , gid, members]) => {
    const group = parseId(gid ?? '');
    return name === '' || group === null
      ? []
      : [{ name, gid: group, members: (members ?? '').split(',').filter((member) => member !== '') }];
  });
}

/** A user or group id in decimal digits, or null. */
export function parseId(text: string): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id <= MAX_ID ? id : null;
}

function fieldsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
