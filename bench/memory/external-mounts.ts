import { readMountInfo } from '../../engine/checkpoint/mount-info.ts';

/** A mount of a container that comes from the host, which CRIU has to be told of: without it a dump fails. */
export interface HostMount {
  place: string;
  /** What stands there, by its name on the host. */
  source: string;
}

/**
 * The parts of version 1 hierarchies that a container sees: the mount of the same file system on the host tells where they lie. A
 * version 2 hierarchy in a cgroup namespace CRIU mounts by itself.
 */
export async function cgroupMounts(pid: number): Promise<HostMount[]> {
  const [ofContainer, ofHost] = await Promise.all([readMountInfo(pid), readMountInfo('self')]);
  return ofContainer.flatMap(({ fsType, device, root, mountPoint }) => {
    if (fsType !== 'cgroup') return [];
    const whole = ofHost.find((mount) => mount.device === device && mount.root === '/');
    if (whole === undefined)
      throw new Error(`find ${mountPoint} of process ${pid} on the host: it is not mounted`);
    return [{ place: mountPoint, source: `${whole.mountPoint}${root}` }];
  });
}

/** At dump: the place of each mount, which also is its name in the images. */
export function dumpedMounts(mounts: readonly HostMount[]): string[] {
  return mounts.flatMap(({ place }) => ['--external', `mnt[${place}]:${place}`]);
}

/** At restore: what comes to stand there. */
export function restoredMounts(mounts: readonly HostMount[]): string[] {
  return mounts.flatMap(({ place, source }) => ['--external', `mnt[${place}]:${source}`]);
}
