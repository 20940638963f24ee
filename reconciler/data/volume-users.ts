import type { ContainerRecord, PodRecord, Volume } from '../../schemas/index.ts';
import type { ResourceName } from '../resource-key.ts';

/** Names of resources by the volume that they name. */
export type VolumeUsers = ReadonlyMap<string, readonly string[]>;

/** Which resources name which volume: as their manifest says now, and as they were created. */
export function volumesInUse(
  records: { containers: readonly ContainerRecord[]; pods: readonly PodRecord[] },
  without: readonly ResourceName[] = [],
): VolumeUsers {
  const leaving = new Set(without.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`));
  const users = new Map<string, string[]>();
  const note = (user: string, volumes: readonly Volume[] | undefined): void => {
    if (leaving.has(user)) return;
    for (const { persistentVolumeClaim } of volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue;
      const { claimName } = persistentVolumeClaim;
      const present = users.get(claimName) ?? [];
      if (!present.includes(user)) users.set(claimName, [...present, user]);
    }
  };
  for (const record of records.containers) {
    const user = record.pod === null ? `container/${record.name}` : `pod/${record.pod}`;
    note(user, record.manifest?.spec.volumes);
    note(user, record.request?.spec.volumes);
  }
  for (const pod of records.pods) note(`pod/${pod.name}`, pod.manifest.spec.volumes);
  return users;
}
