import { AT_EMPTY_PATH } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { makeDirectoryInRoot, resolveInRoot } from '../../rootfs/resolve-in-root.ts';
import { planWorkingDirectory } from '../../spec/working-directory.ts';
import { isWithin, workingDirectory } from '../../spec/process.ts';
import type { Stage } from '../../stage.ts';
import { hostOwner, rootfsPath } from '../container-context.ts';
import type { ContainerContext } from '../container-context.ts';
import { lookUpUser } from '../look-up-user.ts';

/** Filesystems of the kernel that the runtime mounts; what an image has below them is never seen. */
const KERNEL_FILESYSTEMS = ['/proc', '/sys', '/dev'];

/** The directory in which the process starts: the image's own is made when it is missing, as one of its user. */
export const workingDirectoryStage: Stage<ContainerContext> = {
  name: 'working-directory',

  up(context) {
    const { request, parts, volumes } = context;
    const root = rootfsPath(context);
    const asked = workingDirectory(context);
    const places = [
      ...volumes.map(({ containerPath }) => containerPath),
      ...(request.spec.tmpfs ?? []).map(({ mountPath }) => mountPath),
    ];
    const isMounted = (path: string): boolean => places.some((place) => isWithin(path, place));
    const found = resolveInRoot(parts.kernel, root, asked, isMounted);
    const isKernels = KERNEL_FILESYSTEMS.some((place) => isWithin(found.path, place));
    if (isKernels && !isMounted(found.path)) {
      throw new EngineError(
        'UNSAFE_PATH',
        `prepare working directory of container ${request.name}: ${asked} leads to ${found.path}, a filesystem of the kernel`,
        { hint: 'name another directory in spec.workingDir' },
      );
    }
    if (planWorkingDirectory(context, found) === 'create') {
      const user = hostOwner(context, lookUpUser(context));
      const fd = makeDirectoryInRoot(parts.kernel, root, found.path, 0o755);
      try {
        parts.kernel.fchownat(fd, '', user.uid, user.gid, AT_EMPTY_PATH);
      } finally {
        parts.kernel.close(fd);
      }
    }
    return Promise.resolve();
  },

  down() {
    // It belongs to the writable layer.
    return Promise.resolve();
  },
};
