import type { VolumeDetails } from '../../engine/index.ts';
import { volumesInUse } from '../../reconciler/index.ts';
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
      const users = usersIn(instance);
      return (await instance.engine.volumes.list()).map((details) => view(details, users));
    },
    async inspect(name) {
      const instance = await source.reader();
      const details = await instance.engine.volumes.find(readVolumeName({ name }));
      return details === null ? null : view(details, usersIn(instance));
    },
    async remove(name) {
      const instance = await source.writer();
      await instance.engine.volumes.remove(readVolumeName({ name }), usersIn(instance));
    },
    async prune() {
      const instance = await source.writer();
      return instance.engine.volumes.prune(usersIn(instance));
    },
    exportTo: async (name, file) =>
      (await source.writer()).engine.volumes.exportTo(readVolumeName({ name }), file),
    importFrom: async (name, file) =>
      (await source.writer()).engine.volumes.importFrom(readVolumeName({ name }), file),
  };
}

function usersIn({ records }: Instance): ReturnType<typeof volumesInUse> {
  return volumesInUse({ containers: records.containers.list(), pods: records.pods.list() });
}
