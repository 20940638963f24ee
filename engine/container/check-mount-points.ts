import { posix } from 'node:path';
import type { OciSpec } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { resolveInRoot } from '../rootfs/resolve-in-root.ts';
import { isWithin } from '../spec/process.ts';
import { rootfsPath } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';

/** What the kernel shows there are not files, but ways to processes and devices. */
const KERNEL_FILESYSTEMS = ['/proc', '/sys'];

/**
 * Where runtimes make nodes and links by path, before the container has a root of its own: runc 1.1 follows a link there, removes and
 * makes files in the directory of the host that it leads to, and says nothing.
 */
const RUNTIME_DIRECTORIES = ['/dev', '/proc', '/sys'];

/**
 * Refuses an image that has a link in place of /dev, /proc or /sys, and one whose links turn a mount point into something of /proc or /sys, such as a descriptor of the process that is
 * being set up. The runtime would notice, if at all, by what goes wrong then. Throws UNSAFE_PATH.
 */
export function checkMountPoints(context: ContainerContext, spec: OciSpec): void {
  checkVolumes(context);
  const root = rootfsPath(context);
  const destinations = spec.mounts.map(({ destination }) => destination);
  for (const directory of RUNTIME_DIRECTORIES) {
    const found = resolveInRoot(context.parts.kernel, root, directory);
    if (found.path !== directory || found.kind === 'other') throw refused(context, directory, found.path);
  }
  for (const destination of destinations) {
    if (KERNEL_FILESYSTEMS.some((place) => isWithin(destination, place))) continue;
    const isMounted = (path: string): boolean =>
      destinations.some((other) => other !== destination && isWithin(path, other));
    const found = resolveInRoot(context.parts.kernel, root, destination, isMounted);
    const place = KERNEL_FILESYSTEMS.find((one) => isWithin(found.path, one));
    if (place === undefined) continue;
    throw refused(context, destination, found.path);
  }
}

/** The places of volumes have been resolved already. */
function checkVolumes(context: ContainerContext): void {
  const asked = (context.request.spec.volumeMounts ?? []).map(({ mountPath }) => posix.normalize(mountPath));
  const places = context.volumes.map(({ containerPath }) => containerPath);
  const astray = places.find(
    (place) => KERNEL_FILESYSTEMS.some((one) => isWithin(place, one)) && !asked.includes(place),
  );
  if (astray === undefined) return;
  throw refused(context, asked.filter((path) => !places.includes(path)).join(' or '), astray);
}

function refused({ request }: ContainerContext, destination: string, end: string): EngineError {
  return new EngineError(
    'UNSAFE_PATH',
    `mount ${destination} of container ${request.name}: a link of the image leads to ${end}`,
    { hint: 'mount it elsewhere, or take another image' },
  );
}
