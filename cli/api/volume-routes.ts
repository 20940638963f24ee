import type { Context, Hono } from 'hono';
import { readVolumeFile, readVolumeName, readVolumeWish } from './read-volume-request.ts';
import { ROUTES } from './routes.ts';
import type { VolumeService } from './volume-service.ts';

/** The verbs of named volumes as routes. `bodyOf` reads JSON, or refuses. */
export function addVolumeRoutes(
  app: Hono,
  volumes: VolumeService,
  bodyOf: (context: Context) => Promise<unknown>,
): void {
  const answer = (route: string, act: (body: unknown) => Promise<unknown>): void => {
    app.post(route, async (c) => c.json({ result: (await act(await bodyOf(c))) ?? null }));
  };
  answer(ROUTES.volumeCreate, (body) => volumes.create(readVolumeWish(body)));
  answer(ROUTES.volumeList, () => volumes.list());
  answer(ROUTES.volumeInspect, (body) => volumes.inspect(readVolumeName(body)));
  answer(ROUTES.volumeRemove, (body) => volumes.remove(readVolumeName(body)));
  answer(ROUTES.volumePrune, () => volumes.prune());
  answer(ROUTES.volumeExport, (body) => volumes.exportTo(readVolumeName(body), readVolumeFile(body)));
  answer(ROUTES.volumeImport, (body) => volumes.importFrom(readVolumeName(body), readVolumeFile(body)));
}
