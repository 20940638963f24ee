import path from 'node:path';
import { mountPointsBelow } from '../../rootfs/is-mount-point.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import type { Stage } from '../../stage.ts';
import { resolveVolumes } from '../../volume/resolve-volumes.ts';
import type { ContainerContext } from '../container-context.ts';

/** The sources of the container's volumes. emptyDir volumes stay until the container, or the pod that shares them, is removed. */
export const volumes: Stage<ContainerContext> = {
  name: 'volumes',

  async up(context) {
    context.volumes = await resolveVolumes(context);
  },

  down({ parts, paths }) {
    const subPaths = path.join(paths.bundle, 'sub-paths');
    for (const point of mountPointsBelow(subPaths)) unmountAll(parts.kernel, point);
    return Promise.resolve();
  },
};
