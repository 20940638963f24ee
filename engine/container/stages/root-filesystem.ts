import { AT_FDCWD, MOUNT_ATTR_NODEV } from '../../../native/index.ts';
import { linkMtab } from '../../rootfs/link-mtab.ts';
import { mountOverlay, unmountAll } from '../../rootfs/mount-overlay.ts';
import { EngineError } from '../../engine-error.ts';
import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';

/** The layers of the image with the container's own writable layer on top, as one overlay. */
export const rootFilesystem: Stage<ContainerContext> = {
  name: 'root-filesystem',

  async up(context) {
    const { request, parts, paths } = context;
    if (request.spec.rootfs !== undefined) return;
    if (request.image === null) {
      throw new EngineError(
        'BAD_REQUEST',
        `mount the root of container/${request.name}: neither image nor rootfs is given`,
      );
    }
    const [lowers, config] = await Promise.all([
      parts.images.layerPaths(request.image.id),
      parts.images.config(request.image.id),
    ]);
    context.imageConfig = config;
    await setRootStatus(context, request.image.id);
    const privileged = request.spec.privileged === true || request.spec.securityContext?.privileged === true;
    mountOverlay(
      parts.kernel,
      { lowers, upper: paths.upper, work: paths.work },
      paths.rootfs,
      privileged ? 0 : MOUNT_ATTR_NODEV,
    );
    linkMtab(parts.kernel, paths.rootfs);
  },

  down({ parts, paths }) {
    unmountAll(parts.kernel, paths.rootfs);
    return Promise.resolve();
  },
};

/** overlayfs takes mode and owner of `/` from the upper directory; an image that says nothing of them has 0555 and root. */
async function setRootStatus({ parts, paths }: ContainerContext, imageId: string): Promise<void> {
  const status = (await parts.images.rootStatus?.(imageId)) ?? null;
  if (status === null) return;
  parts.kernel.fchownat(AT_FDCWD, paths.upper, status.uid, status.gid, 0);
  parts.kernel.fchmodat(AT_FDCWD, paths.upper, status.mode & 0o7777);
}
