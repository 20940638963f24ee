import { constants } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { foreignWriters } from './check-writers.ts';

/** What a manifest directory holds now. */
export interface DirectoryScan {
  /** Why nothing of it may be used; null: it may. Then `files` says nothing. */
  refusal: {
    code: 'source-missing' | 'source-unreadable' | 'unsafe-permissions';
    message: string;
  } | null;
  /** By absolute path. */
  files: ReadonlyMap<string, ScannedFile>;
}

export type ScannedFile =
  | { kind: 'text'; version: string; text: string }
  /** The same version as `known` said. */
  | { kind: 'unchanged'; version: string }
  | { kind: 'unusable'; version: string; code: string; message: string };

/** Larger files are no manifests. Bytes. */
const MAX_FILE_BYTES = 3 << 20;
const READS_AT_ONCE = 16;

/**
 * Reads the manifests of a directory and those below it: *.yaml, *.yml and *.json, without hidden ones. What cannot be read is in
 * the result as unusable, never left out: an error must not look like a deletion.
 */
export async function scanDirectory(
  root: string,
  options: { known: ReadonlyMap<string, string>; ownUid: number },
): Promise<DirectoryScan> {
  const found = await findManifestFiles(root, options.ownUid);
  if (!Array.isArray(found)) return { refusal: found, files: new Map() };
  const files = new Map<string, ScannedFile>();
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(READS_AT_ONCE, found.length) }, async () => {
      for (let index = next++; index < found.length; index = next++) {
        const file = found[index] ?? '';
        const scanned = await scanFile(file, options.known.get(file) ?? null, options.ownUid);
        if (scanned !== null) files.set(file, scanned);
      }
    }),
  );
  return { refusal: null, files };
}

type Refusal = NonNullable<DirectoryScan['refusal']>;

/** A directory below that cannot be used refuses everything: what it held must not look as if it were gone. */
async function findManifestFiles(root: string, ownUid: number): Promise<string[] | Refusal> {
  const found: string[] = [];
  const pending = [root];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    try {
      const writers = foreignWriters(await stat(directory), directory, ownUid);
      if (writers !== null) return { code: 'unsafe-permissions', message: `the directory ${writers}` };
      for (const entry of await readdir(directory, { withFileTypes: true })) {
        const full = path.join(directory, entry.name);
        if (entry.name.startsWith('.')) continue;
        if (entry.isDirectory()) pending.push(full);
        else if (/\.(ya?ml|json)$/.test(entry.name)) found.push(full);
      }
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      // One that has just gone: its files are missing by now, and have to be so for a while.
      if (isMissing && directory !== root) continue;
      const message = error instanceof Error ? error.message : String(error);
      return { code: isMissing ? 'source-missing' : 'source-unreadable', message };
    }
  }
  return found;
}

/** Null: it is gone by now, or no file at all. */
async function scanFile(file: string, known: string | null, ownUid: number): Promise<ScannedFile | null> {
  let handle: FileHandle | null = null;
  try {
    // Without O_NONBLOCK the opening of a FIFO would wait for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return null;
    const version = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
    const writers = foreignWriters({ uid: Number(stats.uid), mode: Number(stats.mode) }, file, ownUid);
    if (writers !== null) {
      return { kind: 'unusable', version, code: 'unsafe-permissions', message: `the file ${writers}` };
    }
    if (stats.size > MAX_FILE_BYTES) {
      const message = `the file has ${String(stats.size)} bytes, expected at most ${String(MAX_FILE_BYTES)}`;
      return { kind: 'unusable', version, code: 'too-large', message };
    }
    if (version === known) return { kind: 'unchanged', version };
    return { kind: 'text', version, text: await handle.readFile('utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    return unusable('', 'unreadable', error);
  } finally {
    await handle?.close();
  }
}

function unusable(version: string, code: string, error: unknown): ScannedFile {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'unusable', version: `${version}${message}`, code, message };
}
