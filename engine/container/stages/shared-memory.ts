import { parseBytes } from '../../../schemas/index.ts';
import { mountTmpfs } from '../../rootfs/mount-tmpfs.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import { contextOption, labelsOf } from '../../selinux/host-labels.ts';
import { labelTree } from '../../selinux/label-tree.ts';
import type { Stage } from '../../stage.ts';
import { hostOwner, usesHostIpc } from '../container-context.ts';
import type { ContainerContext } from '../container-context.ts';

const SHM_PATH = '/dev/shm';
/** Of /dev/shm. */
export const DEFAULT_SHM_SIZE = '64Mi';

/** /dev/shm: a tmpfs of the container's own, the pod's, or the host's, as its IPC namespace is. */
export const sharedMemory: Stage<ContainerContext> = {
  name: 'shared-memory',

  async up(context) {
    const { request, parts, paths, pod } = context;
    if (request.spec.volumeMounts?.some((mount) => mount.mountPath === SHM_PATH) === true) return;
    if (usesHostIpc(request)) {
      context.providedFiles[SHM_PATH] = SHM_PATH;
    } else if (pod !== null && request.pod?.shared.includes('ipc') === true) {
      context.providedFiles[SHM_PATH] = pod.shm;
      const labels = labelsOf(context);
      if (labels !== null) await labelTree(parts.kernel, pod.shm, labels.mountLabel);
    } else {
      const size = String(parseBytes(request.spec.shmSize ?? DEFAULT_SHM_SIZE));
      const owner = hostOwner(context, { uid: 0, gid: 0 });
      mountTmpfs(parts.kernel, paths.shm, {
        mode: '1777',
        size,
        uid: String(owner.uid),
        gid: String(owner.gid),
        ...contextOption(context),
      });
      context.providedFiles[SHM_PATH] = paths.shm;
    }
  },

  down({ parts, paths }) {
    unmountAll(parts.kernel, paths.shm);
    return Promise.resolve();
  },
};
