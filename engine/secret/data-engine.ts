import { decodeEntries } from '../../schemas/index.ts';
import type { ConfigMap, Rotation, Secret } from '../../schemas/index.ts';
import type { DataEngine } from '../engine.ts';
import { EngineError } from '../engine-error.ts';
import type { RunCommand } from '../process/run-command.ts';
import type { DataEntries } from '../volume/data-sources.ts';
import type { DataStore } from './data-store.ts';
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
      const rotation = (manifest.kind === 'Secret' ? manifest.rotation : undefined) ?? DEFAULT_ROTATION;
      if (present?.isImmutable === true && !(await store.isSame(kind, metadata.name, entries))) {
        throw new EngineError(
          'BAD_REQUEST',
          `apply ${kind.toLowerCase()}/${metadata.name}: it is immutable, and its values differ`,
          { hint: 'give the new values a new name, or delete the old one first' },
        );
      }
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

async function entriesOf(runCommand: RunCommand, manifest: ConfigMap | Secret): Promise<DataEntries> {
  if (manifest.kind === 'ConfigMap') return decodeEntries(manifest.data, manifest.binaryData);
  const what = (key: string): string => `key ${key} of secret ${manifest.metadata.name}`;
  const elsewhere = await Promise.all(
    Object.entries(manifest.from ?? {}).map(
      async ([key, source]) => [key, await readSecretSource(runCommand, what(key), source)] as const,
    ),
  );
  return { ...decodeEntries(manifest.stringData, manifest.data), ...Object.fromEntries(elsewhere) };
}
