import type { DataEngine, DataInfo } from '../../engine/index.ts';

/** Keeps config maps and secrets in memory, whole, so that the version is the value itself. */
export function createFakeDataEngine(): DataEngine {
  const kept = new Map<string, DataInfo>();
  const keyOf = (kind: string, name: string): string => `${kind.toLowerCase()}/${name}`;
  return {
    apply(manifest, owner) {
      const { kind, metadata } = manifest;
      const entries = { ...manifest.data, ...(manifest.kind === 'Secret' ? manifest.stringData : {}) };
      const rotation = (manifest.kind === 'Secret' ? manifest.rotation : undefined) ?? {
        policy: 'update' as const,
      };
      const before = kept.get(keyOf(kind, metadata.name));
      const info: DataInfo = {
        kind,
        name: metadata.name,
        owner,
        labels: metadata.labels ?? {},
        keys: Object.keys(entries),
        version: JSON.stringify(entries),
        rotation,
        updatedAt: '2026-01-01T00:00:00.000Z',
      };
      kept.set(keyOf(kind, metadata.name), info);
      if (before === undefined) return Promise.resolve('new');
      return Promise.resolve(before.version === info.version ? 'unchanged' : 'changed');
    },
    compare({ kind, metadata, ...manifest }) {
      const entries: Record<string, string> = {
        ...manifest.data,
        ...('stringData' in manifest ? manifest.stringData : {}),
      };
      const rotation = ('rotation' in manifest ? manifest.rotation : undefined) ?? {
        policy: 'update' as const,
      };
      const present = kept.get(keyOf(kind, metadata.name));
      const before = JSON.parse(present?.version ?? '{}') as Record<string, string>;
      const names = [...new Set([...Object.keys(before), ...Object.keys(entries)])];
      const keys = Object.fromEntries(
        names
          .filter((name) => before[name] !== entries[name])
          .map((name): [string, 'added' | 'changed' | 'removed'] => [
            name,
            before[name] === undefined ? 'added' : entries[name] === undefined ? 'removed' : 'changed',
          ]),
      );
      const change = present === undefined ? 'new' : Object.keys(keys).length === 0 ? 'unchanged' : 'changed';
      return Promise.resolve({ change, keys, rotation });
    },
    remove(kind, name) {
      kept.delete(keyOf(kind, name));
      return Promise.resolve();
    },
    list: () => Promise.resolve([...kept.values()]),
    uses({ spec }) {
      const names = (spec.secrets ?? []).map(({ name }) => keyOf('Secret', name));
      const found = names.flatMap((key) => {
        const info = kept.get(key);
        return info === undefined
          ? []
          : [[key, { version: info.version, policy: info.rotation.policy }] as const];
      });
      return Promise.resolve(Object.fromEntries(found));
    },
  };
}
