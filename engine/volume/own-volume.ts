import { mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, hasErrno } from '../../native/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { fillFreshVolume } from './fresh-volume.ts';
import type { FirstUse } from './fresh-volume.ts';

/**
 * A volume without a name, for a place that the image declares as one: the container's own, gone with it. It is filled when it
 * is made, and put in its place when it is complete.
 */
export async function openOwnVolume(context: ContainerContext, use: FirstUse): Promise<string> {
  const directory = path.join(context.paths.state, 'volumes', encodeURIComponent(use.containerPath));
  const found = await readdir(directory).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (found !== null) return directory;
  const making = `${directory}.making`;
  await mkdir(making, { recursive: true, mode: 0o755 });
  use.kernel.fchmodat(AT_FDCWD, making, 0o755);
  await fillFreshVolume(use, making, { canReplace: true });
  await rename(making, directory);
  return directory;
}
