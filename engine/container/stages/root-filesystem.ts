import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, MOUNT_ATTR_NODEV } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import type { RootStatus } from '../../image/layer-writer.ts';
import { attachTree, cloneTree, tryMapOwners } from '../../rootfs/id-mapped-mount.ts';
import { linkMtab } from '../../rootfs/link-mtab.ts';
import { mountMappedOverlay } from '../../rootfs/mount-layers.ts';
import { mountOverlay, unmountAll } from '../../rootfs/mount-overlay.ts';
import type { Overlay } from '../../rootfs/mount-overlay.ts';
import { contextOption } from '../../selinux/host-labels.ts';
import type { Stage } from '../../stage.ts';
import { writeDurably } from '../../store/durable-file.ts';
import { intoHost } from '../../userns/id-translation.ts';
import { shiftTree } from '../../volume/tree-ownership.ts';
import { hostOwner } from '../container-context.ts';
import type { ContainerContext } from '../container-context.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** The layers of the image with the container's own writable layer on top, as one overlay. */
export const rootFilesystem: Stage<ContainerContext> = {
  name: 'root-filesystem',

  async up(context) {
    const { request, parts, paths } = context;
    if (request.spec.rootfs !== undefined) {
      bindGivenRoot(context, request.spec.rootfs);
      return;
    }
    if (request.image === null) {
      throw new EngineError(
        'BAD_REQUEST',
        `mount the root of container/${request.name}: neither image nor rootfs is given`,
      );
    }
    const [lowers, config, status] = await Promise.all([
      parts.images.layerPaths(request.image.id),
      parts.images.config(request.image.id),
      parts.images.rootStatus?.(request.image.id) ?? null,
    ]);
    context.imageConfig = config;
    setRootStatus(context, status);
    await mountRoot(context, { lowers, upper: paths.upper, work: paths.work, ...contextOption(context) });
    linkMtab(parts.kernel, paths.rootfs, hostOwner(context, ROOT));
  },

  down({ parts, paths }) {
    unmountAll(parts.kernel, paths.rootfs);
    return Promise.resolve();
  },
};

const ROOT = { uid: 0, gid: 0 };

/** overlayfs takes mode and owner of `/` from the upper directory; an image that says nothing of them has 0555 and root. */
function setRootStatus(context: ContainerContext, status: RootStatus | null): void {
  const { parts, paths } = context;
  const owner = hostOwner(context, status ?? ROOT);
  parts.kernel.fchownat(AT_FDCWD, paths.upper, owner.uid, owner.gid, 0);
  if (status !== null) parts.kernel.fchmodat(AT_FDCWD, paths.upper, status.mode & 0o7777);
}

async function mountRoot(context: ContainerContext, overlay: Overlay): Promise<void> {
  const { request, parts, paths, userNamespace } = context;
  const privileged = request.spec.privileged === true || request.spec.securityContext?.privileged === true;
  const attributes = privileged ? 0 : MOUNT_ATTR_NODEV;
  if (userNamespace !== null) {
    const isMapped = await mountMappedOverlay(parts.kernel, overlay, {
      target: paths.rootfs,
      attributes,
      scratch: path.join(paths.bundle, 'layers'),
      userNamespace: userNamespace.file,
    });
    if (isMapped) return;
  }
  const shift = userNamespace === null ? null : await beginShift(context);
  mountOverlay(parts.kernel, overlay, paths.rootfs, attributes);
  await shift?.();
}

/**
 * Gives every file of the image to the ids of the user namespace, where the file system of the layers knows no id-mapped mounts:
 * once, because it is kept in the writable layer. One that a crash has interrupted begins anew, with an empty layer.
 */
async function beginShift(context: ContainerContext): Promise<(() => Promise<void>) | null> {
  const { parts, paths, userNamespace } = context;
  const note = path.join(paths.state, 'owners-shifted');
  const state = await readAtOnce(note).catch(() => null);
  if (state === 'done' || userNamespace === null) return null;
  if (state === 'begun') {
    for (const directory of [paths.upper, paths.work]) {
      for (const name of await readdir(directory)) {
        await parts.kernel.removeTree(path.join(directory, name));
      }
    }
  }
  await writeDurably(note, 'begun');
  return async () => {
    const { mode, uid, gid } = parts.kernel.fstatat(AT_FDCWD, paths.upper, 0);
    await shiftTree(parts.kernel, paths.rootfs, intoHost(userNamespace));
    // The root directory was given away before.
    parts.kernel.fchownat(AT_FDCWD, paths.rootfs, uid, gid, 0);
    parts.kernel.fchmodat(AT_FDCWD, paths.rootfs, mode & 0o7777);
    await writeDurably(note, 'done');
  };
}

/** A directory of the host as root: in a user namespace a mount of it that shows its owners as the container has them. */
function bindGivenRoot({ parts, paths, userNamespace }: ContainerContext, directory: string): void {
  if (userNamespace === null) return;
  const tree = cloneTree(parts.kernel, directory);
  try {
    // Where it cannot be, the container finds the host's owners, and the directory stays as its owner made it.
    tryMapOwners(parts.kernel, tree, userNamespace.file);
    attachTree(parts.kernel, tree, paths.rootfs);
  } finally {
    parts.kernel.close(tree);
  }
}
