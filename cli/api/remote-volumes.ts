import type { VolumeDetails } from '../../engine/index.ts';
import { ROUTES } from './routes.ts';
import type { VolumeService, VolumeView } from './volume-service.ts';

type Route = (typeof ROUTES)[keyof typeof ROUTES];

/** The volumes of a daemon, over its socket. */
export function remoteVolumes(call: (route: Route, body: unknown) => Promise<unknown>): VolumeService {
  return {
    create: async (wish) => (await call(ROUTES.volumeCreate, wish)) as VolumeDetails,
    list: async () => (await call(ROUTES.volumeList, {})) as VolumeView[],
    inspect: async (name) => (await call(ROUTES.volumeInspect, { name })) as VolumeView | null,
    remove: async (name) => {
      await call(ROUTES.volumeRemove, { name });
    },
    prune: async () => (await call(ROUTES.volumePrune, {})) as VolumeDetails[],
    exportTo: async (name, file) => {
      await call(ROUTES.volumeExport, { name, file });
    },
    importFrom: async (name, file) => (await call(ROUTES.volumeImport, { name, file })) as VolumeDetails,
  };
}
