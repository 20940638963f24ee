import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID } from '../../native/index.ts';
import { parseBytes } from '../../schemas/index.ts';
import type { Volume } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';

/** emptyDir lives as long as its container, or the pod that shares it. Any user may write, as on a cluster. */
export async function openEmptyDir(context: ContainerContext, volume: Volume): Promise<string> {
  const { kernel } = context.parts;
  const holder = context.pod ?? context.paths;
  const inMemory = volume.emptyDir?.medium === 'Memory';
  const directory = path.join(inMemory ? holder.memoryDirs : holder.emptyDirs, volume.name);
  const isNew = (await mkdir(directory, { recursive: true })) !== undefined;
  const limit = volume.emptyDir?.sizeLimit;
  if (inMemory) {
    const size = limit === undefined ? {} : { size: String(parseBytes(limit)) };
    mountTmpfs(kernel, directory, { mode: '1777', ...size }, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  } else if (isNew) {
    kernel.fchmodat(AT_FDCWD, directory, 0o777);
  }
  return directory;
}
