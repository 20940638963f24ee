import path from 'node:path';
import type { OciSpec } from '../../schemas/index.ts';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';
import type { MountInfo } from './mount-info.ts';

/** `key` and `val` of CRIU's external mounts: at dump place → name in the images, at restore name → path of the host. */
export interface ExternalMount {
  key: string;
  val: string;
}

/** The file of the host that masked files are hidden behind. */
const NULL_DEVICE_ROOT = '/null';
const NULL_DEVICE = '/dev/null';

/**
 * Which mounts of a container CRIU cannot make anew, because what is mounted there comes from the host: bind mounts, the
 * version 1 cgroups, files that are masked by /dev/null. The names are those that the runtime gives, so that its images and ours fit
 * each other: runc names masked files after the device, crun after themselves. `mounts` is the mount table of the running container: it
 * knows what a recursive bind mount has brought, and where a link led to. `runtime` is the path of its program.
 */
export function dumpedExternals(
  spec: OciSpec,
  mounts: readonly MountInfo[],
  runtime: string,
): ExternalMount[] {
  const isCrun = path.basename(runtime).includes('crun');
  const places = spec.mounts.map(({ destination, ...mount }) => ({
    place: destination,
    isBind: isBind(mount),
  }));
  const masked = new Set(spec.linux.maskedPaths);
  const ownsCgroups = spec.linux.namespaces.some(({ type }) => type === 'cgroup');
  const externals = new Map<string, string>();
  // A destination that leads over a link stands in the table under its real name; CRIU resolves the name itself.
  for (const { place, isBind } of places) if (isBind) externals.set(place, place);
  for (const mount of mounts) {
    const { mountPoint } = mount;
    if (externals.has(mountPoint) || mountPoint === '/') continue;
    if (isNullDevice(mount) && masked.has(mountPoint))
      externals.set(mountPoint, isCrun ? mountPoint : NULL_DEVICE);
    else if (isSharedCgroup(mount) && !(ownsCgroups && mount.fsType === 'cgroup2')) {
      externals.set(mountPoint, mountPoint);
    } else if (deepest(places, mountPoint)?.isBind === true) externals.set(mountPoint, mountPoint);
  }
  return [...externals].map(([key, val]) => ({ key, val }));
}

/** What stands at each name at restore: the sources of the new spec's bind mounts, /dev/null, the container's new cgroups. */
export function restoredExternals(
  spec: OciSpec,
  recorded: readonly ExternalMount[],
  cgroup: { paths: ReadonlyMap<string, string> },
): ExternalMount[] {
  const binds = spec.mounts.filter(isBind).map(({ destination, source }) => ({ destination, source }));
  const externals = new Map(binds.map(({ destination, source }) => [destination, source]));
  // By the names of runc and of crun; what the images do not name is not looked at.
  externals.set(NULL_DEVICE, NULL_DEVICE);
  for (const masked of spec.linux.maskedPaths ?? []) externals.set(masked, NULL_DEVICE);
  for (const device of spec.linux.devices ?? []) externals.set(device.path, device.path);
  for (const [name, directory] of cgroup.paths) externals.set(name, directory);
  for (const { val } of recorded) {
    if (externals.has(val)) continue;
    const above = binds
      .filter(({ destination }) => val.startsWith(`${destination}/`))
      .sort((one, other) => other.destination.length - one.destination.length)[0];
    if (above !== undefined) externals.set(val, above.source + val.slice(above.destination.length));
    // crun's name of a file that was masked there and is not here.
    else if (/^\/(?:proc|sys)\//.test(val)) externals.set(val, NULL_DEVICE);
  }
  return [...externals].map(([key, val]) => ({ key, val }));
}

/**
 * Where a container without a cgroup namespace sees the version 1 hierarchies, and the directory of the host for each: read
 * from the mount table of a container that has just been created from the same spec.
 */
export function cgroupExternals(mounts: readonly MountInfo[], layout: CgroupLayout): Map<string, string> {
  const externals = new Map<string, string>();
  for (const mount of mounts) {
    if (!isSharedCgroup(mount)) continue;
    const hierarchy =
      mount.fsType === 'cgroup2'
        ? layout.unified
        : [...layout.v1].find(([controller]) => mount.superOptions.includes(controller))?.[1];
    if (hierarchy === undefined || hierarchy === null) continue;
    externals.set(mount.mountPoint, hierarchy + (mount.root === '/' ? '' : mount.root));
  }
  return externals;
}

function isBind({ type, options }: { type: string; options: readonly string[] }): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

function isNullDevice({ root, fsType }: MountInfo): boolean {
  return root === NULL_DEVICE_ROOT && (fsType === 'devtmpfs' || fsType === 'tmpfs');
}

/**
 * A part of a hierarchy. So is the version 2 one of a container with a cgroup namespace, seen from outside of it: from inside it is the
 * whole, and CRIU can mount it.
 */
function isSharedCgroup({ fsType, root }: MountInfo): boolean {
  return (fsType === 'cgroup' || fsType === 'cgroup2') && root !== '/';
}

function deepest<T extends { place: string }>(places: readonly T[], mountPoint: string): T | undefined {
  return places
    .filter(({ place }) => mountPoint === place || mountPoint.startsWith(`${place}/`))
    .sort((one, other) => other.place.length - one.place.length)[0];
}
