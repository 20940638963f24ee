import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { DataKind, Ownership, Rotation } from '../../schemas/index.ts';
import type { DataInfo } from '../contract/data-engine.ts';
import { EngineError } from '../engine-error.ts';
import { removeDurably, writeDurably } from '../store/durable-file.ts';
import type { DataEntries, DataSources } from '../volume/data-sources.ts';

/** One config map or secret, as it is kept. */
export interface StoredData {
  entries: DataEntries;
  /** Changes with the values, and says nothing about them to who does not have the key beside them. */
  version: string;
  rotation: Rotation;
  owner: Ownership;
  labels: Readonly<Record<string, string>>;
  isImmutable: boolean;
}

/** Keeps the values of config maps and secrets, each in a file of its own that only root reads. Records never hold them. */
export interface DataStore extends DataSources {
  read(kind: DataKind, name: string): Promise<StoredData | null>;
  /** Durable when it resolves. Writes nothing when all is as it was. Returns the version. */
  write(
    kind: DataKind,
    name: string,
    data: Pick<StoredData, 'entries' | 'rotation'> & Partial<StoredData>,
  ): Promise<string>;
  /** All of them, without values, sorted by kind and name. */
  list(): Promise<DataInfo[]>;
  /** None of that name is no error. */
  remove(kind: DataKind, name: string): Promise<void>;
}

const DIRECTORY: Readonly<Record<DataKind, string>> = { ConfigMap: 'config-maps', Secret: 'secrets' };
const KEY_FILE = '.version-key';

/** The values are in base64. */
type DataFile = Omit<StoredData, 'entries'> & { entries: Record<string, string> };

const UNOWNED = { owner: { source: 'apply', file: '-' } as const, labels: {}, isImmutable: false };

/** The store below `<root>/secrets` and `<root>/config-maps`. */
export function createDataStore(root: string): DataStore {
  const directoryOf = (kind: DataKind): string => path.join(root, DIRECTORY[kind]);
  const fileOf = (kind: DataKind, name: string): string => path.join(directoryOf(kind), `${name}.json`);
  const read = async (kind: DataKind, name: string): Promise<StoredData | null> => {
    const stored = await readDataFile(fileOf(kind, name));
    return stored === null ? null : { ...stored, entries: decode(stored.entries) };
  };
  const entriesOf = async (kind: DataKind, name: string): Promise<DataEntries | null> =>
    (await read(kind, name))?.entries ?? null;
  return {
    read,
    configMap: (name) => entriesOf('ConfigMap', name),
    secret: (name) => entriesOf('Secret', name),
    async write(kind, name, data) {
      await mkdir(directoryOf(kind), { recursive: true, mode: 0o700 });
      const entries = encode(data.entries);
      const version = await versionOf(directoryOf(kind), entries);
      const stored: DataFile = { ...UNOWNED, ...data, version, entries };
      const text = `${JSON.stringify(stored)}\n`;
      const file = fileOf(kind, name);
      if ((await readOrNull(file)) !== text) await writeDurably(file, text);
      return version;
    },
    async remove(kind, name) {
      if (await isDirectory(directoryOf(kind))) await removeDurably(fileOf(kind, name));
    },
    async list() {
      const lists = await Promise.all(
        (['ConfigMap', 'Secret'] as const).map((kind) => listDirectory(kind, directoryOf(kind))),
      );
      return lists.flat();
    },
  };
}

async function listDirectory(kind: DataKind, directory: string): Promise<DataInfo[]> {
  const files = (await namesIn(directory)).filter((name) => /^[^.].*\.json$/.test(name)).sort();
  const infos = await Promise.all(
    files.map(async (name): Promise<DataInfo[]> => {
      const file = path.join(directory, name);
      const [stored, status] = await Promise.all([readDataFile(file), stat(file)]);
      if (stored === null) return [];
      const { owner, labels, version, rotation, entries } = stored;
      const info = { kind, name: name.slice(0, -'.json'.length), owner, labels, version, rotation };
      return [{ ...info, keys: Object.keys(entries), updatedAt: status.mtime.toISOString() }];
    }),
  );
  return infos.flat();
}

function encode(entries: DataEntries): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
}

function decode(entries: Readonly<Record<string, string>>): DataEntries {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]): [string, Uint8Array] => [key, Buffer.from(value, 'base64')]),
  );
}

async function versionOf(directory: string, entries: Readonly<Record<string, string>>): Promise<string> {
  const key = await versionKey(directory);
  return createHmac('sha256', key).update(JSON.stringify(entries)).digest('hex').slice(0, 16);
}

/** A hash alone would let anybody who reads records try out passwords. */
async function versionKey(directory: string): Promise<string> {
  const file = path.join(directory, KEY_FILE);
  const present = await readOrNull(file);
  if (present !== null && present !== '') return present;
  const key = randomBytes(32).toString('hex');
  await writeDurably(file, key);
  return key;
}

async function readDataFile(file: string): Promise<DataFile | null> {
  const text = await readOrNull(file);
  if (text === null) return null;
  try {
    return JSON.parse(text) as DataFile;
  } catch {
    // What stands there is not told: it may be half of a value.
    throw new EngineError('BAD_REQUEST', `read ${file}: it is damaged`, { hint: 'apply its manifest again' });
  }
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function isDirectory(directory: string): Promise<boolean> {
  return stat(directory).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
