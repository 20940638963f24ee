import type { ContainerContext } from '../container/container-context.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { fillFreshVolume } from './fresh-volume.ts';
import type { FirstUse } from './fresh-volume.ts';
import type { VolumeSource } from './volume-source.ts';

/** A named volume, made on first use, and mounted if it has a file system of its own. */
export async function openNamedVolume(
  { parts, request }: ContainerContext,
  name: string,
): Promise<VolumeSource> {
  const { volumes } = parts;
  return volumes.locked(name, async () => {
    const record = await volumes.ensure({ name });
    const path = await volumes.hold(record, request.id);
    const words = (record.options.o ?? '').split(',');
    // A bind mount has attributes of its own: the runtime would lift those of the volume.
    return { path, readOnly: words.includes('ro'), options: words.filter((word) => word === 'noexec') };
  });
}

/** Lets the first container that mounts the volume fill it, once. */
export async function fillNamedVolume(
  { parts, request }: ContainerContext,
  name: string,
  use: FirstUse,
): Promise<void> {
  const { volumes } = parts;
  await volumes.locked(name, async () => {
    const record = await volumes.find(name);
    if (record === null || (record.ownership === 'done' && record.copyUp === 'done')) return;
    const { data } = volumes.pathsOf(name);
    const others = (await volumes.users(name)).filter((id) => id !== request.id);
    // A file system of its own has the owner that its options or its maker gave it.
    const keepStatus = isMountPoint(data);
    const canReplace = others.length === 0 && !keepStatus;
    const copy = use.copy && record.copyUp === 'due';
    if (copy || record.ownership === 'due')
      await fillFreshVolume({ ...use, copy }, data, { canReplace, keepStatus });
    await volumes.save({ ...record, copyUp: use.copy ? 'done' : record.copyUp, ownership: 'done' });
  });
}
