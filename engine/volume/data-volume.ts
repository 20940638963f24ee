import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID } from '../../native/index.ts';
import type { Volume } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { gatherSpecInput } from '../container/gather-spec-input.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';
import { dataFiles } from './data-files.ts';
import { writeDataFiles } from './write-data-files.ts';

/** Where the files of a data volume of the container are, while it is up. */
export function dataVolumeDirectory({ paths }: Pick<ContainerContext, 'paths'>, volume: string): string {
  return path.join(paths.bundle, 'data', volume);
}

/** A configMap, secret, downwardAPI or projected volume: in memory, so that no secret is ever on a disk. */
export async function openDataVolume(context: ContainerContext, volume: Volume): Promise<string> {
  const directory = dataVolumeDirectory(context, volume.name);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  mountTmpfs(context.parts.kernel, directory, { mode: '0755' }, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  await updateDataVolume(context, volume);
  return directory;
}

/** Writes the files anew, all at once, also while the container runs: for data that has changed. */
export async function updateDataVolume(context: ContainerContext, volume: Volume): Promise<void> {
  const files = await dataFiles(volume, context.parts.data, await gatherSpecInput(context));
  await writeDataFiles(dataVolumeDirectory(context, volume.name), files, { uid: 0, gid: 0 });
}
