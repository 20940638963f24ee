import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from '../../native/index.ts';
import { defaultPullPolicy, parseImageReference } from '../../schemas/index.ts';
import type { Volume } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { mountMappedOverlay } from '../rootfs/mount-layers.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { mountOverlay } from '../rootfs/mount-overlay.ts';
import { contextOption } from '../selinux/host-labels.ts';

type ImageSource = NonNullable<Volume['image']>;

/** The files of an image, mounted read-only; several mounts of one volume share it. */
export async function openImageVolume(
  context: ContainerContext,
  name: string,
  source: ImageSource,
): Promise<string> {
  const { parts, paths, userNamespace } = context;
  const target = path.join(paths.bundle, 'images', name);
  if (isMountPoint(target)) return target;
  const policy = source.pullPolicy ?? defaultPullPolicy(parseImageReference(source.reference));
  const image = await parts.images.ensure(source.reference, policy);
  const layers = await parts.images.layerPaths(image.id);
  const nothing = path.join(paths.bundle, 'images', `${name}.nothing`);
  for (const directory of [target, nothing]) await mkdir(directory, { recursive: true, mode: 0o755 });
  // overlayfs wants two lower directories at least where nobody can write.
  const overlay = { lowers: [nothing, ...layers], ...contextOption(context) };
  const attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
  if (userNamespace !== null) {
    const scratch = path.join(paths.bundle, 'images', `${name}.layers`);
    const place = { target, attributes, scratch, userNamespace: userNamespace.file };
    if (await mountMappedOverlay(parts.kernel, overlay, place)) return target;
  }
  mountOverlay(parts.kernel, overlay, target, attributes);
  return target;
}
