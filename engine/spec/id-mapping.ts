import type { OciIdMapping } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { MAX_ID, parseGroup, parsePasswd } from '../files/passwd-file.ts';

/** A range of host ids: from `start`, `size` of them. */
export interface IdRange {
  start: number;
  size: number;
}

/** As many as a container without special users needs. */
const MIN_AUTO_SIZE = 1024;
/** Ids from here on mean "nobody" (65534) and the like; they do not count when a range is sized. */
const OVERFLOW_ID = 65_534;

/** The ranges that /etc/subuid or /etc/subgid gives to an owner, subuid(5). */
export function parseSubordinateIds(text: string, owner: string): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [name, start, size] = line.trim().split(':');
    if (name !== owner || !/^\d+$/.test(start ?? '') || !/^\d+$/.test(size ?? '')) return [];
    const range = { start: Number(start), size: Number(size) };
    return range.size > 0 && range.start + range.size - 1 <= MAX_ID ? [range] : [];
  });
}

/** How many ids a container needs so that every user and group of its image has one. */
export function autoSize(passwdText: string | null, groupText: string | null, ...further: number[]): number {
  const ids = [
    ...parsePasswd(passwdText ?? '').flatMap(({ uid, gid }) => [uid, gid]),
    ...parseGroup(groupText ?? '').map(({ gid }) => gid),
    ...further,
  ].filter((id) => id < OVERFLOW_ID);
  return Math.max(MIN_AUTO_SIZE, ...ids.map((id) => id + 1));
}

/**
 * The lowest range of that size that lies in one of the given ranges and that no other container has. Throws
 * HOST_UNSUITABLE when there is none, with what is there.
 */
export function allocateIds(size: number, available: readonly IdRange[], taken: readonly IdRange[]): IdRange {
  const sorted = [...taken].sort((one, other) => one.start - other.start);
  for (const range of [...available].sort((one, other) => one.start - other.start)) {
    let start = range.start;
    for (const other of sorted) {
      if (other.start + other.size <= start) continue;
      if (other.start >= start + size) break;
      start = other.start + other.size;
    }
    if (start + size <= range.start + range.size) return { start, size };
  }
  const total = available.reduce((sum, range) => sum + range.size, 0);
  throw new EngineError(
    'HOST_UNSUITABLE',
    `allocate user ids: no free range of ${String(size)}: ${String(total)} ids in ${String(available.length)} ranges, ` +
      `${String(taken.length)} containers have some`,
    { hint: 'give `containers` a larger range in /etc/subuid and /etc/subgid' },
  );
}

/** Refuses maps that the kernel would refuse, user_namespaces(7), with the pair that overlaps. */
export function checkMappings(mappings: readonly OciIdMapping[], what: string): void {
  const operation = `check ${what}`;
  if (mappings.length === 0 || mappings.length > 340) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: expected 1 to 340 lines, found ${String(mappings.length)}`,
    );
  }
  for (const [index, one] of mappings.entries()) {
    if (one.size < 1 || one.containerID + one.size - 1 > MAX_ID || one.hostID + one.size - 1 > MAX_ID) {
      throw new EngineError('BAD_REQUEST', `${operation}: ${line(one)} is empty or beyond ${String(MAX_ID)}`);
    }
    for (const other of mappings.slice(index + 1)) {
      if (
        overlaps(one.containerID, other.containerID, one, other) ||
        overlaps(one.hostID, other.hostID, one, other)
      ) {
        throw new EngineError('BAD_REQUEST', `${operation}: ${line(one)} and ${line(other)} overlap`);
      }
    }
  }
}

/** The host's id for one of the container; null for one that has none. */
export function toHostId(id: number, mappings: readonly OciIdMapping[]): number | null {
  const found = mappings.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return found === undefined ? null : found.hostID + (id - found.containerID);
}

/** Groups that the user namespace maps, and those that it does not, which a process in it cannot have. */
export function splitMappedGids(
  gids: readonly number[],
  mappings: readonly OciIdMapping[],
): { mapped: number[]; unmapped: number[] } {
  const mapped = gids.filter((gid) => toHostId(gid, mappings) !== null);
  return { mapped, unmapped: gids.filter((gid) => !mapped.includes(gid)) };
}

function overlaps(
  one: number,
  other: number,
  { size }: OciIdMapping,
  { size: otherSize }: OciIdMapping,
): boolean {
  return one < other + otherSize && other < one + size;
}

function line({ containerID, hostID, size }: OciIdMapping): string {
  return `${String(containerID)}:${String(hostID)}:${String(size)}`;
}
