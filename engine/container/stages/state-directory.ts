import { mkdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { AT_FDCWD } from '../../../native/index.ts';
import { putUpperBack } from '../../checkpoint/restore/upper-aside.ts';
import { removeMountYard } from '../../criu/mount-yard.ts';
import type { ContainerPaths } from '../../host-paths.ts';
import { mountPointsBelow } from '../../rootfs/is-mount-point.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';
import { setLogsAside } from '../log-rotation.ts';

/** The directories of the container; what an earlier run left in the volatile one goes first. */
export const stateDirectory: Stage<ContainerContext> = {
  name: 'state-directory',

  async up(context) {
    const { paths, parts, request, continuesLog } = context;
    await clear(context);
    // A restore out of another layer was interrupted.
    await putUpperBack(parts.kernel, paths);
    const isNew = await makeKept(paths);
    makeVolatile([paths.rootfs, paths.files, paths.shm, paths.memoryDirs, paths.persist, parts.paths.exits]);
    // The root directory of the container takes its mode from here; podman's engines have it 0555, and so do its checkpoints.
    parts.kernel.fchmodat(AT_FDCWD, paths.upper, 0o555);
    // Nobody of the host may come by the suid programs of an image, but the root of a user namespace has to pass to its own.
    if (request.spec.userns !== undefined) parts.kernel.fchmodat(AT_FDCWD, paths.bundle, 0o711);
    if (continuesLog !== true && !isNew) await setLogsAside(paths);
  },

  down: clear,
};

/** What outlives a reboot. True when nothing of it was there. */
async function makeKept(paths: ContainerPaths): Promise<boolean> {
  const directories = [paths.logs, paths.upper, paths.work, paths.emptyDirs];
  const made = await Promise.all(
    directories.map((directory) => mkdir(directory, { recursive: true, mode: 0o700 })),
  );
  return made.some((first) => first !== undefined && `${paths.state}/`.startsWith(`${first}/`));
}

/** In the memory of /run: sooner made than handed to the thread pool. */
function makeVolatile(directories: readonly string[]): void {
  for (const directory of directories) mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Only mounts that a crash has left behind are unmounted here; each stage unmounts its own. */
async function clear({ paths, parts }: ContainerContext): Promise<void> {
  for (const point of mountPointsBelow(paths.bundle)) unmountAll(parts.kernel, point);
  removeMountYard(paths.bundle);
  await parts.kernel.removeTree(paths.bundle);
  rmSync(paths.exitFile, { force: true });
}
