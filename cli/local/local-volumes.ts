import type { VolumeDetails } from '../../engine/index.ts';
import type { Volume } from '../../schemas/index.ts';
import { readVolumeName } from '../api/read-volume-request.ts';
import type { VolumeService, VolumeView } from '../api/volume-service.ts';
import type { Instance } from './instance.ts';

/** The volumes of an instance of this process. */
export function localVolumes(source: {
  reader: () => Promise<Instance>;
  writer: () => Promise<Instance>;
}): VolumeService {
  const view = (details: VolumeDetails, users: ReadonlyMap<string, readonly string[]>): VolumeView => ({
    ...details,
    usedBy: users.get(details.name) ?? [],
  });
  return {
    create: async (wish) => {
      readVolumeName(wish);
      return (await source.writer()).engine.volumes.create(wish);
    },
    async list() {
      const instance = await source.reader();
      const users = volumesInUse(instance);
      return (await instance.engine.volumes.list()).map((details) => view(details, users));
    },
    async inspect(name) {
      const instance = await source.reader();
      const details = await instance.engine.volumes.find(readVolumeName({ name }));
      return details === null ? null : view(details, volumesInUse(instance));
    },
    async remove(name) {
      const instance = await source.writer();
      await instance.engine.volumes.remove(readVolumeName({ name }), volumesInUse(instance));
    },
    async prune() {
      const instance = await source.writer();
      return instance.engine.volumes.prune(volumesInUse(instance));
    },
    exportTo: async (name, file) =>
      (await source.writer()).engine.volumes.exportTo(readVolumeName({ name }), file),
    importFrom: async (name, file) =>
      (await source.writer()).engine.volumes.importFrom(readVolumeName({ name }), file),
  };
}

/** Which resources name which volume: as their manifest says now, and as they were created. */
export function volumesInUse({ records }: Instance): Map<string, string[]> {
  const users = new Map<string, string[]>();
  const note = (user: string, volumes: readonly Volume[] | undefined): void => {
    for (const { persistentVolumeClaim } of volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue;
      const { claimName } = persistentVolumeClaim;
      const present = users.get(claimName) ?? [];
      if (!present.includes(user)) users.set(claimName, [...present, user]);
    }
  };
  for (const record of records.containers.list()) {
    const user = record.pod === null ? `container/${record.name}` : `pod/${record.pod}`;
    note(user, record.manifest?.spec.volumes);
    note(user, record.request?.spec.volumes);
  }
  for (const pod of records.pods.list()) note(`pod/${pod.name}`, pod.manifest.spec.volumes);
  return users;
}
