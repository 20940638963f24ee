import path from 'node:path';
import { joinErrors } from '../../engine-error.ts';
import { mountPointsBelow } from '../../rootfs/is-mount-point.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import type { Stage } from '../../stage.ts';
import { overlayDirectories } from '../../volume/overlay-volume.ts';
import { resolveVolumes } from '../../volume/resolve-volumes.ts';
import type { ContainerContext } from '../container-context.ts';

/** What is mounted below the bundle for volumes: overlays lie on mounts, so they go first. */
const PLACES = ['overlays', 'mounts', 'images', 'data'];

/** The sources of the container's volumes. emptyDir volumes stay until the container, or the pod that shares them, is removed. */
export const volumes: Stage<ContainerContext> = {
  name: 'volumes',

  up: resolveVolumes,

  async down(context) {
    const { parts, paths, request } = context;
    const errors: unknown[] = [];
    const attempt = async (action: () => void | Promise<void>): Promise<void> => {
      try {
        await action();
      } catch (error) {
        errors.push(error);
      }
    };
    for (const place of PLACES) {
      for (const point of mountPointsBelow(path.join(paths.bundle, place))) {
        await attempt(() => {
          unmountAll(parts.kernel, point);
        });
      }
    }
    await attempt(() => parts.kernel.removeTree(overlayDirectories(context)));
    await attempt(() => parts.volumes.release(request.id));
    const error = joinErrors(`unmount the volumes of container/${request.name}`, errors);
    if (error !== null) throw error;
  },
};
