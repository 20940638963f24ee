import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { HostPaths } from '../host-paths.ts';
import { allocateIds, parseSubordinateIds } from '../spec/id-mapping.ts';
import type { IdRange } from '../spec/id-mapping.ts';
import { writeDurably } from '../store/durable-file.ts';
import { KeyedLock } from '../volume/keyed-lock.ts';

/** The name under which /etc/subuid and /etc/subgid give ranges to containers, as for podman. */
const OWNER = 'containers';

/** What systemd sets aside for containers (systemd: Users, Groups, UIDs and GIDs), where the host gives nothing else. */
const RESERVED_FOR_CONTAINERS: IdRange = { start: 524_288, size: 1_878_982_656 };

export interface HeldRange extends IdRange {
  /** Id of the container or pod. */
  holder: string;
}

/** Where ranges may be taken from. Default: /etc/subuid and /etc/subgid. */
export interface RangeSource {
  available(): Promise<IdRange[]>;
}

/**
 * Which range of host ids each container or pod of this root has: on disk before the range is used, so that no two overlap,
 * whenever the power fails. Whoever writes holds the lock of the root.
 */
export class IdRanges {
  readonly #file: string;
  readonly #source: RangeSource;
  readonly #lock = new KeyedLock();

  constructor(paths: HostPaths, source: RangeSource = SUBORDINATE_IDS) {
    this.#file = path.join(paths.root, 'id-ranges.json');
    this.#source = source;
  }

  /** The range of the holder; a free one of `size` ids when it has none yet. */
  allocate(holder: string, size: number): Promise<IdRange> {
    return this.#lock.run('', async () => {
      const held = await this.list();
      const found = held.find((range) => range.holder === holder);
      if (found !== undefined) return { start: found.start, size: found.size };
      const range = allocateIds(size, await this.#source.available(), held);
      await this.#write([...held, { holder, ...range }]);
      return range;
    });
  }

  /** Gives the range back; a holder of none is no error. */
  release(holder: string): Promise<void> {
    return this.#lock.run('', async () => {
      const held = await this.list();
      const rest = held.filter((range) => range.holder !== holder);
      if (rest.length !== held.length) await this.#write(rest);
    });
  }

  async list(): Promise<HeldRange[]> {
    const text = await readFile(this.#file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return [];
    const parsed = parseRanges(text);
    if (parsed !== null) return parsed;
    throw new EngineError('HOST_UNSUITABLE', `read ${this.#file}: it is damaged`, {
      hint: 'move it away when no container with `userns.mode: auto` is left',
    });
  }

  async #write(ranges: readonly HeldRange[]): Promise<void> {
    await writeDurably(this.#file, `${JSON.stringify({ schemaVersion: 1, ranges }, null, 2)}\n`);
  }
}

function parseRanges(text: string): HeldRange[] | null {
  try {
    const { ranges } = JSON.parse(text) as { ranges?: unknown };
    return Array.isArray(ranges) && ranges.every(isHeldRange) ? ranges : null;
  } catch {
    return null;
  }
}

function isHeldRange(value: unknown): value is HeldRange {
  if (typeof value !== 'object' || value === null) return false;
  const { holder, start, size } = value as Partial<Record<keyof HeldRange, unknown>>;
  return typeof holder === 'string' && Number.isSafeInteger(start) && Number.isSafeInteger(size);
}

/** Ranges that are given for user ids and for group ids alike; what others were given is left to them. */
const SUBORDINATE_IDS: RangeSource = {
  async available() {
    const [uids, gids] = await Promise.all(['/etc/subuid', '/etc/subgid'].map(readOrEmpty));
    return rangesFrom(uids ?? '', gids ?? '');
  },
};

/** As subuid(5) and subgid(5) say; without a line for `containers` what nobody else was given. */
export function rangesFrom(subuid: string, subgid: string): IdRange[] {
  const given = intersect(parseSubordinateIds(subuid, OWNER), parseSubordinateIds(subgid, OWNER));
  if (given.length > 0) return given;
  const owners = new Set(`${subuid}\n${subgid}`.split('\n').map((line) => line.split(':')[0]?.trim() ?? ''));
  const others = [...owners].flatMap((owner) =>
    [subuid, subgid].flatMap((text) => parseSubordinateIds(text, owner)),
  );
  return subtract(RESERVED_FOR_CONTAINERS, others);
}

function intersect(some: readonly IdRange[], others: readonly IdRange[]): IdRange[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const start = Math.max(one.start, other.start);
      const end = Math.min(one.start + one.size, other.start + other.size);
      return end > start ? [{ start, size: end - start }] : [];
    }),
  );
}

function subtract(whole: IdRange, others: readonly IdRange[]): IdRange[] {
  let start = whole.start;
  const end = whole.start + whole.size;
  const free: IdRange[] = [];
  for (const other of [...others].sort((one, two) => one.start - two.start)) {
    const until = Math.min(other.start, end);
    if (until > start) free.push({ start, size: until - start });
    start = Math.max(start, other.start + other.size);
  }
  if (end > start) free.push({ start, size: end - start });
  return free;
}

async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
