import { posix } from 'node:path';
import { rootfsPath } from '../container/container-context.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { resolveInRoot } from '../rootfs/resolve-in-root.ts';
import { isWithin } from '../spec/process.ts';

/**
 * Where a mount at `mountPath` lies once the links of the image are followed, within its root only. What another mount of the
 * manifest brings is not looked into.
 */
export function resolveDestination(context: ContainerContext, mountPath: string): string {
  const { volumeMounts = [], tmpfs = [] } = context.request.spec;
  const others = [...volumeMounts, ...tmpfs]
    .map((mount) => posix.normalize(mount.mountPath))
    .filter((place) => !isWithin(place, mountPath));
  const isMounted = (path: string): boolean => others.some((place) => isWithin(path, place));
  return resolveInRoot(context.parts.kernel, rootfsPath(context), mountPath, isMounted).path;
}
