import { isDeepStrictEqual } from 'node:util';
import type { DeclaredVolume, VolumeRecord } from '../../schemas/index.ts';
import type { VolumeComparison, VolumeUsers } from '../contract/volume-engine.ts';
import { refuseOtherOptions } from './volume-store.ts';
import type { VolumeStore } from './volume-store.ts';

/** Makes the volume, or makes one that is there the manifest's: its data stays as it is. */
export function declareVolume(volumes: VolumeStore, volume: DeclaredVolume): Promise<void> {
  return volumes.locked(volume.name, async () => {
    const record = await volumes.ensure(volume);
    const next = asDeclared(record, volume);
    if (!isDeepStrictEqual(next, record)) await volumes.save(next);
  });
}

/** What declaring it would change; throws where it would be refused. */
export async function compareVolume(volumes: VolumeStore, volume: DeclaredVolume): Promise<VolumeComparison> {
  const record = await volumes.find(volume.name);
  if (record === null) return { change: 'new', reasons: ['does not exist yet'] };
  refuseOtherOptions(record, volume);
  const reasons = differences(record, volume);
  return { change: reasons.length === 0 ? 'unchanged' : 'changed', reasons };
}

/** Without its manifest a volume is kept with its data, unless that said otherwise. */
export function withdrawVolume(volumes: VolumeStore, name: string): Promise<void> {
  return volumes.locked(name, async () => {
    const record = await volumes.find(name);
    if (record?.declaration == null) return;
    const isCondemned = record.declaration.reclaimPolicy === 'Delete';
    await volumes.save({ ...record, declaration: null, isCondemned });
  });
}

/** Removes what is to go and is used by nothing. */
export async function reapVolumes(volumes: VolumeStore, users: VolumeUsers): Promise<string[]> {
  const removed: string[] = [];
  for (const { name } of (await volumes.list()).filter(({ isCondemned }) => isCondemned)) {
    await volumes.locked(name, async () => {
      // Read again, now that nobody else is at it.
      const record = await volumes.find(name);
      const isUsed = (users.get(name) ?? []).length > 0 || (await volumes.users(name)).length > 0;
      if (record?.isCondemned !== true || isUsed) return;
      await volumes.remove(name);
      removed.push(name);
    });
  }
  return removed;
}

function asDeclared(record: VolumeRecord, { labels, declaration }: DeclaredVolume): VolumeRecord {
  return { ...record, labels: { ...labels }, declaration, isCondemned: false };
}

function differences(record: VolumeRecord, { labels, declaration }: DeclaredVolume): string[] {
  const present = record.declaration;
  if (present === null) return ["exists already, with its data, and becomes this manifest's"];
  const names = [...new Set([...Object.keys(record.labels), ...Object.keys(labels)])].sort();
  const pairs: [name: string, from: string, to: string][] = [
    ...names.map((name): [string, string, string] => [
      `labels[${name}]`,
      shown(record.labels[name]),
      shown(labels[name]),
    ]),
    ['kind', present.kind, declaration.kind],
    ['reclaimPolicy', present.reclaimPolicy, declaration.reclaimPolicy],
    ['storage', shown(present.storageBytes), shown(declaration.storageBytes)],
  ];
  return pairs.filter(([, from, to]) => from !== to).map(([name, from, to]) => `${name}: ${from} → ${to}`);
}

function shown(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '(none)' : String(value);
}
