import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Volume, VolumeMount } from '../../schemas/index.ts';
import { hostOwner, rootfsPath } from '../container/container-context.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { lookUpUser } from '../container/look-up-user.ts';
import { EngineError } from '../engine-error.ts';
import { canMapOwners } from '../rootfs/id-mapped-mount.ts';
import { chooseLabel } from '../selinux/choose-label.ts';
import { labelsOf } from '../selinux/host-labels.ts';
import { labelTree } from '../selinux/label-tree.ts';
import { propagationOption } from '../spec/bind-mount.ts';
import type { ResolvedMount } from '../spec/spec-input.ts';
import { intoContainer, intoHost } from '../userns/id-translation.ts';
import { bindBeneath } from './bind-beneath.ts';
import { SAME_OWNERS } from './copy-tree.ts';
import { isDataVolume } from './data-files.ts';
import { openDataVolume } from './data-volume.ts';
import { openEmptyDir } from './empty-dir.ts';
import type { FirstUse } from './fresh-volume.ts';
import { openHostPath } from './host-path.ts';
import { openImageVolume } from './image-volume.ts';
import { fillNamedVolume, openNamedVolume } from './named-volume.ts';
import { mountOverlayVolume } from './overlay-volume.ts';
import { subPathOf } from './sub-path.ts';
import type { VolumeSource } from './volume-source.ts';
import { chownTree, giveToGroup } from './tree-ownership.ts';

/** Finds or makes what a volume stands for, and prepares it for one place of the container. */
export async function mountVolume(
  context: ContainerContext,
  volume: Volume,
  mount: VolumeMount,
  index: number,
): Promise<ResolvedMount> {
  const { parts } = context;
  const source = await openVolume(context, volume);
  const userNamespace = mappedFor(context, volume, mount, source.path);
  const subPath = await subPathOf(context, mount);
  const claim = volume.persistentVolumeClaim?.claimName;
  if (claim !== undefined && subPath === '') {
    await fillNamedVolume(context, claim, firstUse(context, mount, userNamespace !== null));
  }
  await applyGroup(context, volume, isReadOnly(source, mount), source, userNamespace !== null);
  let hostPath = source.path;
  if (subPath !== '' || userNamespace !== null) {
    const owner = userNamespace === null ? hostOwner(context, ROOT) : ROOT;
    const target = path.join(context.paths.bundle, 'mounts', String(index));
    hostPath = await bindBeneath(parts.kernel, {
      volume: source.path,
      subPath,
      target,
      userNamespace,
      owner,
    });
  }
  await relabel(context, volume, mount, source.path);
  if (mount.chown === true) await giveToUser(context, mount, hostPath);
  if (mount.overlay !== undefined && mount.overlay !== false) {
    hostPath = await mountOverlayVolume(context, mount, hostPath, index);
  }
  return {
    containerPath: mount.mountPath,
    hostPath,
    readOnly: isReadOnly(source, mount),
    options: optionsOf(source, mount),
  };
}

const ROOT = { uid: 0, gid: 0 };

/** Labels the source for SELinux: what tsctr made always, what is the host's where the mount asks for it. */
async function relabel(
  context: ContainerContext,
  volume: Volume,
  mount: VolumeMount,
  source: string,
): Promise<void> {
  const labels = labelsOf(context);
  if (labels === null) return;
  const { hostPath, persistentVolumeClaim, image } = volume;
  const kind =
    hostPath !== undefined
      ? 'host'
      : image !== undefined
        ? 'image'
        : persistentVolumeClaim !== undefined
          ? 'named'
          : 'own';
  const label = chooseLabel({ path: source, kind, relabel: mount.relabel }, labels);
  if (label !== null) await labelTree(context.parts.kernel, source, label);
}

async function openVolume(context: ContainerContext, volume: Volume): Promise<VolumeSource> {
  const { emptyDir, hostPath, persistentVolumeClaim, image } = volume;
  // Volumes that tsctr made are nobody's way to devices or suid programs of the host; hostPath is what its owner made it.
  const ours = ['nosuid', 'nodev'];
  if (emptyDir !== undefined) {
    return { path: await openEmptyDir(context, volume), readOnly: false, options: ours };
  }
  if (hostPath !== undefined) return { path: await openHostPath(hostPath), readOnly: false, options: [] };
  if (persistentVolumeClaim !== undefined) {
    const { claimName, readOnly } = persistentVolumeClaim;
    const named = await openNamedVolume(context, claimName);
    return { ...named, readOnly: named.readOnly || readOnly === true, options: [...ours, ...named.options] };
  }
  if (image !== undefined) {
    const path = await openImageVolume(context, volume.name, image);
    // Kubernetes runs nothing out of an image volume.
    return { path, readOnly: true, options: context.request.pod === null ? ours : [...ours, 'noexec'] };
  }
  if (isDataVolume(volume)) {
    return { path: await openDataVolume(context, volume), readOnly: true, options: ours };
  }
  throw new EngineError(
    'BAD_REQUEST',
    `mount volume ${volume.name}: it has no source that this version knows`,
  );
}

/**
 * The user namespace that the mount shows owners for; null where it shows them as they are. The layers of an image volume were
 * mapped one by one. Asked for by name, a file system that cannot is an error, later; otherwise the container does without.
 */
function mappedFor(
  { parts, request, userNamespace }: ContainerContext,
  volume: Volume,
  mount: VolumeMount,
  source: string,
): string | null {
  if (userNamespace === null || volume.image !== undefined || mount.idmap === false) return null;
  if (mount.idmap === true) return userNamespace.file;
  // On a cluster the volumes of a pod are mapped whatever they are.
  if (volume.hostPath !== undefined && request.pod === null) return null;
  return canMapOwners(parts.kernel, source, userNamespace.file) ? userNamespace.file : null;
}

/** What the container brings to a fresh volume. `mapped`: on the volume are ids of the container, else of the host. */
export function firstUse(
  context: ContainerContext,
  { mountPath, noCopy }: Pick<VolumeMount, 'mountPath' | 'noCopy'>,
  mapped: boolean,
): FirstUse {
  const user = lookUpUser(context);
  const maps = context.userNamespace;
  return {
    kernel: context.parts.kernel,
    rootfs: rootfsPath(context),
    containerPath: mountPath,
    copy: noCopy !== true,
    owner: mapped ? user : hostOwner(context, user),
    owners: mapped && maps !== null ? intoContainer(maps) : SAME_OWNERS,
  };
}

/** `spec.fsGroup`: as on a cluster not for what is somebody else's on the host. */
async function applyGroup(
  { parts, request, userNamespace }: ContainerContext,
  volume: Volume,
  readOnly: boolean,
  source: VolumeSource,
  mapped: boolean,
): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = request.spec;
  if (fsGroup === undefined || volume.hostPath !== undefined || volume.image !== undefined) return;
  const gid = mapped || userNamespace === null ? fsGroup : intoHost(userNamespace).gid(fsGroup);
  await giveToGroup(parts.kernel, source.path, gid, {
    readOnly,
    onRootMismatch: fsGroupChangePolicy === 'OnRootMismatch',
  });
}

/** Option `U` of podman: once for each container, noted beside its writable layer. */
async function giveToUser(context: ContainerContext, mount: VolumeMount, hostPath: string): Promise<void> {
  const note = path.join(context.paths.state, 'given', encodeURIComponent(mount.mountPath));
  const isDone = await access(note).then(
    () => true,
    () => false,
  );
  if (isDone) return;
  const { uid, gid } = hostOwner(context, lookUpUser(context));
  await chownTree(context.parts.kernel, hostPath, uid, gid);
  await mkdir(path.dirname(note), { recursive: true, mode: 0o700 });
  await writeFile(note, '');
}

function isReadOnly(source: VolumeSource, mount: VolumeMount): boolean {
  if (mount.readOnly === true) return true;
  const hasUpper = mount.overlay !== undefined && mount.overlay !== false;
  return source.readOnly && !hasUpper;
}

function optionsOf(source: VolumeSource, mount: VolumeMount): string[] {
  const recursive = mount.recursiveReadOnly !== undefined && mount.recursiveReadOnly !== 'Disabled';
  return [propagationOption(mount.mountPropagation), ...source.options, ...(recursive ? ['rro'] : [])];
}
