import { posix } from 'node:path';
import type { ContainerContext } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';
import { canMapOwners } from '../rootfs/id-mapped-mount.ts';
import type { ResolvedMount } from '../spec/spec-input.ts';
import { bindBeneath } from './bind-beneath.ts';
import { firstUse, mountVolume } from './mount-volume.ts';
import { resolveDestination } from './resolve-destination.ts';
import { openOwnVolume } from './own-volume.ts';

/**
 * Finds or makes the source of every volume mount of the container, one after the other: where a user is looked up, the mounts
 * before count. Then come the places that the image declares as volumes and that nothing else is mounted on.
 */
export async function resolveVolumes(context: ContainerContext): Promise<void> {
  const { spec } = context.request;
  context.volumes = [];
  for (const [index, mount] of (spec.volumeMounts ?? []).entries()) {
    const volume = spec.volumes?.find((candidate) => candidate.name === mount.name);
    if (volume === undefined) {
      throw new EngineError(
        'BAD_REQUEST',
        `mount ${mount.mountPath}: there is no volume named ${mount.name}`,
      );
    }
    context.volumes.push(inPlace(context, await mountVolume(context, volume, mount, index)));
  }
  for (const place of declaredPlaces(context)) {
    context.volumes.push(inPlace(context, await mountOwnVolume(context, place)));
  }
}

/** Where the mount really lies, so that mounts can be put in order: links of the image lead elsewhere. */
function inPlace(context: ContainerContext, mount: ResolvedMount): ResolvedMount {
  return { ...mount, containerPath: resolveDestination(context, mount.containerPath) };
}

/** `VOLUME` of the image, without what the manifest mounts there itself. */
function declaredPlaces({ request, imageConfig }: ContainerContext): string[] {
  const { volumeMounts = [], tmpfs = [] } = request.spec;
  const taken = new Set([...volumeMounts, ...tmpfs].map(({ mountPath }) => withoutSlash(mountPath)));
  return Object.keys(imageConfig?.Volumes ?? {})
    .map((place) => withoutSlash(place.startsWith('/') ? place : `/${place}`))
    .filter((place) => place !== '/' && !taken.has(place))
    .sort();
}

async function mountOwnVolume(context: ContainerContext, place: string): Promise<ResolvedMount> {
  const { parts, paths, userNamespace } = context;
  const mapped = userNamespace !== null && canMapOwners(parts.kernel, paths.state, userNamespace.file);
  const source = await openOwnVolume(context, firstUse(context, { mountPath: place }, mapped));
  const hostPath = mapped
    ? await bindBeneath(parts.kernel, {
        volume: source,
        subPath: '',
        target: posix.join(paths.bundle, 'mounts', encodeURIComponent(place)),
        userNamespace: userNamespace.file,
        owner: { uid: 0, gid: 0 },
      })
    : source;
  return { containerPath: place, hostPath, readOnly: false, options: ['rprivate', 'nosuid', 'nodev'] };
}

function withoutSlash(place: string): string {
  const normal = posix.normalize(place);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
