import type { VolumeDetails, VolumeEngine } from '../../engine/index.ts';

/** Keeps named volumes in memory, without data. */
export function createFakeVolumeEngine(): VolumeEngine {
  const kept = new Map<string, VolumeDetails>();
  const made = (name: string): VolumeDetails => ({
    name,
    driver: 'local',
    labels: {},
    options: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    declaration: null,
    isCondemned: false,
    path: `/volumes/${name}`,
    mountedBy: [],
  });
  const without = () => Promise.reject(new Error('the fake engine has no data in its volumes'));
  return {
    create({ name }) {
      const volume = kept.get(name) ?? made(name);
      kept.set(name, volume);
      return Promise.resolve(volume);
    },
    declare({ name, labels, options, declaration }) {
      kept.set(name, { ...(kept.get(name) ?? made(name)), labels, options, declaration, isCondemned: false });
      return Promise.resolve();
    },
    compare({ name, labels, declaration }) {
      const present = kept.get(name);
      if (present === undefined) return Promise.resolve({ change: 'new', reasons: ['does not exist yet'] });
      const isSame =
        JSON.stringify([present.labels, present.declaration]) === JSON.stringify([labels, declaration]);
      return Promise.resolve({
        change: isSame ? 'unchanged' : 'changed',
        reasons: isSame ? [] : ['differs'],
      });
    },
    withdraw(name) {
      const present = kept.get(name);
      if (present?.declaration != null) {
        const isCondemned = present.declaration.reclaimPolicy === 'Delete';
        kept.set(name, { ...present, declaration: null, isCondemned });
      }
      return Promise.resolve();
    },
    reap(users) {
      const gone = [...kept.values()].filter(
        ({ name, isCondemned }) => isCondemned && (users.get(name) ?? []).length === 0,
      );
      for (const { name } of gone) kept.delete(name);
      return Promise.resolve(gone.map(({ name }) => name));
    },
    list: () => Promise.resolve([...kept.values()]),
    find: (name) => Promise.resolve(kept.get(name) ?? null),
    remove(name) {
      kept.delete(name);
      return Promise.resolve();
    },
    prune: () => Promise.resolve([]),
    exportTo: without,
    importFrom: without,
  };
}
