import { chown, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID } from '../../native/index.ts';
import type { Volume } from '../../schemas/index.ts';
import { hostOwner } from '../container/container-context.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { gatherSpecInput } from '../container/gather-spec-input.ts';
import { canMapOwners } from '../rootfs/id-mapped-mount.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';
import { dataFiles } from './data-files.ts';
import { writeDataFiles } from './write-data-files.ts';

/** Where the files of a data volume of the container are, while it is up. */
export function dataVolumeDirectory({ paths }: Pick<ContainerContext, 'paths'>, volume: string): string {
  return path.join(paths.bundle, 'data', volume);
}

/** A configMap, secret, downwardAPI or projected volume: in memory, so that no secret is ever on a disk. */
export async function openDataVolume(context: ContainerContext, volume: Volume): Promise<string> {
  const { parts, userNamespace } = context;
  const directory = dataVolumeDirectory(context, volume.name);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  mountTmpfs(parts.kernel, directory, { mode: '0755' }, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (userNamespace !== null && !canMapOwners(parts.kernel, directory, userNamespace.file)) {
    const { uid, gid } = hostOwner(context, { uid: 0, gid: 0 });
    await chown(directory, uid, gid);
  }
  await updateDataVolume(context, volume);
  return directory;
}

/**
 * Writes the files anew, all at once, also while the container runs: for data that has changed. They belong to whom the
 * directory belongs to, which `spec.fsGroup` may have been given, and then its group may read them.
 */
export async function updateDataVolume(context: ContainerContext, volume: Volume): Promise<void> {
  const directory = dataVolumeDirectory(context, volume.name);
  const files = await dataFiles(volume, context.parts.data, await gatherSpecInput(context));
  const readable = context.request.spec.fsGroup === undefined ? 0 : 0o440;
  const shown = new Map([...files].map(([name, file]) => [name, { ...file, mode: file.mode | readable }]));
  const { uid, gid } = await stat(directory);
  await writeDataFiles(directory, shown, { uid, gid });
}
