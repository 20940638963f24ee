import type { ContainerContext } from '../container/container-context.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { fillFreshVolume } from './fresh-volume.ts';
import type { FirstUse } from './fresh-volume.ts';

/** The directory of a named volume, made on first use, and mounted if it has a file system of its own. */
export async function openNamedVolume({ parts, request }: ContainerContext, name: string): Promise<string> {
  const { volumes } = parts;
  return volumes.locked(name, async () => volumes.hold(await volumes.ensure({ name }), request.id));
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
    const canReplace = others.length === 0 && !isMountPoint(data);
    const copy = use.copy && record.copyUp === 'due';
    if (copy || record.ownership === 'due') await fillFreshVolume({ ...use, copy }, data, { canReplace });
    await volumes.save({ ...record, copyUp: use.copy ? 'done' : record.copyUp, ownership: 'done' });
  });
}
