import { decodeEntries } from '../../schemas/index.ts';
import type { ConfigMap, Rotation, Secret } from '../../schemas/index.ts';
import type { DataComparison, DataEngine } from '../contract/data-engine.ts';
import { EngineError } from '../engine-error.ts';
import { findProgram } from '../host.ts';
import type { RunCommand } from '../process/run-command.ts';
import type { DataEntries } from '../volume/data-sources.ts';
import type { DataStore, StoredData } from './data-store.ts';
import { readSecretSource } from './read-secret-source.ts';
import { usedData } from './used-data.ts';

const DEFAULT_ROTATION: Rotation = { policy: 'update' };

/** The verbs for config maps and secrets. */
export function createDataEngine(store: DataStore, runCommand: RunCommand): DataEngine {
  return {
    async apply(manifest, owner) {
      const { kind, metadata } = manifest;
      const present = await store.read(kind, metadata.name);
      const entries = await entriesOf(runCommand, manifest);
      const isImmutable = manifest.immutable === true;
      const rotation = rotationOf(manifest);
      refuseImmutable(manifest, present, compareEntries(present, entries));
      const labels = metadata.labels ?? {};
      const version = await store.write(kind, metadata.name, {
        entries,
        rotation,
        owner,
        labels,
        isImmutable,
      });
      if (present === null) return 'new';
      return present.version === version ? 'unchanged' : 'changed';
    },
    async compare(manifest): Promise<DataComparison> {
      const present = await store.read(manifest.kind, manifest.metadata.name);
      const keys = compareEntries(present, await entriesOf(runCommand, manifest));
      refuseImmutable(manifest, present, keys);
      const isSame = Object.keys(keys).length === 0;
      const change = present === null ? 'new' : isSame ? 'unchanged' : 'changed';
      return { change, keys, rotation: rotationOf(manifest) };
    },
    remove: (kind, name) => store.remove(kind, name),
    list: () => store.list(),
    async uses(request) {
      const used = await Promise.all(
        usedData(request.spec).map(async ({ kind, name }) => {
          const stored = await store.read(kind, name);
          return stored === null
            ? []
            : [
                {
                  key: `${kind.toLowerCase()}/${name}`,
                  version: stored.version,
                  policy: stored.rotation.policy,
                },
              ];
        }),
      );
      return Object.fromEntries(
        used.flat().map(({ key, version, policy }) => [key, { version, policy }] as const),
      );
    },
  };
}

function rotationOf(manifest: ConfigMap | Secret): Rotation {
  return (manifest.kind === 'Secret' ? manifest.rotation : undefined) ?? DEFAULT_ROTATION;
}

function compareEntries(present: StoredData | null, entries: DataEntries): DataComparison['keys'] {
  const before = present?.entries ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(entries)])].sort();
  const changes = names.map((name) => [name, changeOf(before[name], entries[name])] as const);
  return Object.fromEntries(changes.filter((change): change is [string, KeyChange] => change[1] !== null));
}

type KeyChange = DataComparison['keys'][string];

function changeOf(from: Uint8Array | undefined, to: Uint8Array | undefined): KeyChange | null {
  if (from === undefined) return 'added';
  if (to === undefined) return 'removed';
  return Buffer.compare(from, to) === 0 ? null : 'changed';
}

function refuseImmutable(
  { kind, metadata }: ConfigMap | Secret,
  present: StoredData | null,
  changes: DataComparison['keys'],
): void {
  if (present?.isImmutable !== true || Object.keys(changes).length === 0) return;
  throw new EngineError(
    'BAD_REQUEST',
    `apply ${kind.toLowerCase()}/${metadata.name}: it is immutable, and its values differ`,
    { hint: 'give the new values a new name, or delete the old one first' },
  );
}

async function entriesOf(runCommand: RunCommand, manifest: ConfigMap | Secret): Promise<DataEntries> {
  if (manifest.kind === 'ConfigMap') return decodeEntries(manifest.data, manifest.binaryData);
  const what = (key: string): string => `key ${key} of secret ${manifest.metadata.name}`;
  const elsewhere = await Promise.all(
    Object.entries(manifest.from ?? {}).map(
      async ([key, source]) =>
        [key, await readSecretSource({ runCommand, findTool: findProgram }, what(key), source)] as const,
    ),
  );
  return { ...decodeEntries(manifest.stringData, manifest.data), ...Object.fromEntries(elsewhere) };
}
