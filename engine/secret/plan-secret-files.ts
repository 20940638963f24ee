import { posix } from 'node:path';
import type { ContainerRequest, UsedSecret } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { DataEntries } from '../volume/data-sources.ts';

/** Where secrets appear that name no place of their own. */
export const SECRETS_DIRECTORY = '/run/secrets';

/** A file that holds one value of a secret. */
export interface SecretFile {
  /** Absolute in the container. */
  target: string;
  data: Uint8Array;
  /** In the container's own numbers. */
  uid: number;
  gid: number;
  mode: number;
}

const DEFAULT_MODE = 0o444;

/**
 * The files of `spec.secrets`. A secret of one key is a file with the name of the secret, one of several a file for each key below
 * a directory of that name. Throws BAD_REQUEST for a secret or key that is not there, and for two files at one place.
 */
export function planSecretFiles(
  { name: container, spec }: Pick<ContainerRequest, 'name' | 'spec'>,
  secrets: Readonly<Record<string, DataEntries>>,
): SecretFile[] {
  const files = (spec.secrets ?? [])
    .filter(({ env }) => env === undefined)
    .flatMap((used) => filesOf(used, entriesOf(container, used, secrets[used.name]), container));
  const seen = new Set<string>();
  for (const { target } of files) {
    if (seen.has(target)) throw refused(container, `${target} is the place of two secrets`);
    seen.add(target);
  }
  return files;
}

/** The one value that a variable is set to. */
export function singleValue<T>(
  container: string,
  { name, key }: Pick<UsedSecret, 'name' | 'key'>,
  entries: Readonly<Record<string, T>>,
): T {
  const keys = Object.keys(entries);
  const wanted = key ?? (keys.length === 1 ? keys[0] : undefined);
  const value = wanted !== undefined && Object.hasOwn(entries, wanted) ? entries[wanted] : undefined;
  if (value !== undefined) return value;
  throw refused(
    container,
    key === undefined
      ? `secret ${name} has ${String(keys.length)} keys, so spec.secrets must say which`
      : `secret ${name} has no key ${key}`,
  );
}

function entriesOf(container: string, used: UsedSecret, entries: DataEntries | undefined): DataEntries {
  if (entries === undefined) {
    throw refused(container, `secret ${used.name} is not there`, 'apply a Secret of that name first');
  }
  return used.key === undefined ? entries : { [used.key]: singleValue(container, used, entries) };
}

function filesOf(used: UsedSecret, entries: DataEntries, container: string): SecretFile[] {
  const base = used.target ?? used.name;
  const place = posix.isAbsolute(base) ? posix.normalize(base) : posix.join(SECRETS_DIRECTORY, base);
  if (base.split('/').includes('..') || place === '/' || place === SECRETS_DIRECTORY) {
    throw refused(
      container,
      `expected a target below ${SECRETS_DIRECTORY}, or an absolute path, found ${base}`,
    );
  }
  const attributes = {
    uid: used.uid ?? 0,
    gid: used.gid ?? 0,
    mode: used.mode === undefined ? DEFAULT_MODE : Number.parseInt(used.mode, 8),
  };
  const list = Object.entries(entries);
  return list.map(([key, data]) => ({
    target: list.length === 1 ? place : posix.join(place, key),
    data,
    ...attributes,
  }));
}

function refused(container: string, why: string, hint?: string): EngineError {
  return new EngineError(
    'BAD_REQUEST',
    `provide secrets of container ${container}: ${why}`,
    hint === undefined ? {} : { hint },
  );
}
