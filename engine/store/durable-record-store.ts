import { mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Low } from 'lowdb';
import { RECORD_SCHEMA_VERSION } from '../../schemas/index.ts';
import type { ContainerRecord, DeclaredCheckpointRecord, PodRecord } from '../../schemas/index.ts';
import { removeDurably, TEMPORARY_PREFIX, writeDurably } from './durable-file.ts';
import type { DamagedRecord, RecordCollection, RecordStore } from './record-store.ts';

/** Checks a parsed record and returns it, or throws with the reason why it is none. */
export type RecordValidator = (kind: RecordKind, value: unknown) => unknown;

type RecordKind = 'Container' | 'Pod' | 'Checkpoint';

export interface RecordStoreOptions {
  /** `<root>/db`. */
  directory: string;
  validate?: RecordValidator;
  /** A reader neither makes directories nor sets damaged files aside: it only says that they are damaged. */
  readOnly?: true;
}

/** Opens the records below `directory`, one file for each resource. */
export async function openRecordStore(options: RecordStoreOptions): Promise<RecordStore> {
  const damaged: DamagedRecord[] = [];
  const [containers, pods, checkpoints] = await Promise.all([
    openCollection<ContainerRecord>(
      'Container',
      path.join(options.directory, 'containers'),
      options,
      damaged,
    ),
    openCollection<PodRecord>('Pod', path.join(options.directory, 'pods'), options, damaged),
    openCollection<DeclaredCheckpointRecord>(
      'Checkpoint',
      path.join(options.directory, 'checkpoints'),
      options,
      damaged,
    ),
  ]);
  const settle = async (): Promise<void> => {
    await Promise.all([containers, pods, checkpoints].map((collection) => collection.settle()));
  };
  return { containers, pods, checkpoints, damaged, settle };
}

async function openCollection<T extends { name: string }>(
  kind: RecordKind,
  directory: string,
  options: RecordStoreOptions,
  damaged: DamagedRecord[],
): Promise<RecordCollection<T> & { settle(): Promise<unknown> }> {
  if (options.readOnly !== true) await mkdir(directory, { recursive: true, mode: 0o700 });
  const entries = new Map<string, Entry<T>>();
  const newEntry = (name: string): Entry<T> => {
    const file = path.join(directory, `${name}.json`);
    const adapter = new DurableRecordFile<T>(file, kind, name, options.validate);
    return { adapter, low: new Low<T | null>(adapter, null) };
  };
  await Promise.all(
    (await namesIn(directory)).map(async (file) => {
      const full = path.join(directory, file);
      if (file.startsWith(TEMPORARY_PREFIX)) {
        if (options.readOnly !== true) await unlink(full).catch(() => undefined);
        return;
      }
      if (!file.endsWith('.json')) return;
      const name = file.slice(0, -'.json'.length);
      const entry = newEntry(name);
      try {
        await entry.low.read();
        entries.set(name, entry);
      } catch (error) {
        damaged.push(await setAside(full, error, options.readOnly === true));
      }
    }),
  );

  return {
    get: (name) => entries.get(name)?.low.data ?? null,
    list: () =>
      [...entries.values()]
        .map(({ low }) => low.data)
        .filter((record) => record !== null)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    put: async (record) => {
      const entry = entries.get(record.name) ?? newEntry(record.name);
      entries.set(record.name, entry);
      entry.low.data = record;
      await entry.low.write();
    },
    note: (record, { isLast = false } = {}) => {
      const entry = entries.get(record.name) ?? newEntry(record.name);
      entries.set(record.name, entry);
      entry.low.data = record;
      entry.adapter.note(record, isLast ? 0 : NOTE_DELAY_MS);
    },
    settle: () => Promise.all([...entries.values()].map(({ adapter }) => adapter.settle())),
    remove: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined) return;
      const { data } = entry.low;
      entry.low.data = null;
      try {
        // Low writes nothing for null.
        await entry.adapter.write(null);
      } catch (error) {
        entry.low.data ??= data;
        throw error;
      }
      // A put that came meanwhile goes on with this entry.
      if (isRemoved(entry)) entries.delete(name);
    },
  };
}

/** A function, because control flow analysis does not see what a put has assigned meanwhile. */
function isRemoved<T extends { name: string }>(entry: Entry<T>): boolean {
  return entry.low.data === null;
}

interface Entry<T extends { name: string }> {
  adapter: DurableRecordFile<T>;
  low: Low<T | null>;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function setAside(file: string, error: unknown, readOnly: boolean): Promise<DamagedRecord> {
  const reason = error instanceof Error ? error.message : String(error);
  if (readOnly) return { path: file, setAsideAs: file, reason };
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
  await rename(file, aside);
  return { path: file, setAsideAs: aside, reason };
}

/** How long what was noted waits for a write to go with, milliseconds: the next intent follows much sooner, if one does. */
const NOTE_DELAY_MS = 20;

/** The lowdb adapter of one record: durable writes, one at a time, of which a newer one replaces those that wait. */
class DurableRecordFile<T extends { name: string }> {
  readonly #file: string;
  readonly #kind: RecordKind;
  readonly #name: string;
  readonly #validate: RecordValidator | undefined;
  #writing: Promise<void> | null = null;
  #next: { text: string | null; done: Promise<void> } | null = null;
  #noted: { record: T; timer: NodeJS.Timeout } | null = null;

  constructor(file: string, kind: RecordKind, name: string, validate: RecordValidator | undefined) {
    this.#file = file;
    this.#kind = kind;
    this.#name = name;
    this.#validate = validate;
  }

  async read(): Promise<T> {
    const value: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
    if (typeof value !== 'object' || value === null) throw new Error('not a JSON object');
    const { schemaVersion, kind, name } = value as Record<string, unknown>;
    if (schemaVersion !== RECORD_SCHEMA_VERSION) {
      throw new Error(
        `schemaVersion is ${JSON.stringify(schemaVersion)}, expected ${String(RECORD_SCHEMA_VERSION)}`,
      );
    }
    if (kind !== this.#kind) throw new Error(`kind is ${JSON.stringify(kind)}, expected "${this.#kind}"`);
    if (name !== this.#name)
      throw new Error(`name is ${JSON.stringify(name)}, expected "${this.#name}" as the file says`);
    return (this.#validate === undefined ? value : this.#validate(this.#kind, value)) as T;
  }

  /** Written with the next write, or when none has come by then. */
  note(record: T, delayMs: number): void {
    clearTimeout(this.#noted?.timer);
    const timer = setTimeout(() => {
      // Nobody waits for it; who wants to be sure asks by `settle`.
      this.settle().catch(() => undefined);
    }, delayMs);
    this.#noted = { record, timer };
  }

  /** Resolves when nothing is to be written any more. */
  async settle(): Promise<void> {
    if (this.#noted !== null) await this.write(this.#noted.record);
    await (this.#next?.done ?? this.#writing);
  }

  /** Null removes the file. */
  write(data: T | null): Promise<void> {
    clearTimeout(this.#noted?.timer);
    this.#noted = null;
    // Serialised now: the caller may change the object before the turn of this write comes.
    const text = data === null ? null : `${JSON.stringify(data, null, 1)}\n`;
    // Asked first: one that waits is about to begin, and must not come after a newer one.
    if (this.#next !== null) {
      this.#next.text = text;
      return this.#next.done;
    }
    if (this.#writing === null) return this.#begin(text);
    const next = { text, done: Promise.resolve() };
    next.done = this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.#begin(next.text);
      });
    this.#next = next;
    return next.done;
  }

  #begin(text: string | null): Promise<void> {
    const writing = text === null ? removeDurably(this.#file) : writeDurably(this.#file, text);
    this.#writing = writing.finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }
}
