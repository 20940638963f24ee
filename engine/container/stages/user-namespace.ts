import { stat } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import type { Stage } from '../../stage.ts';
import { forgetUserNamespace, resolveUserNamespace } from '../../userns/resolve-user-namespace.ts';
import { chownTree } from '../../volume/tree-ownership.ts';
import { hostOwner } from '../container-context.ts';
import type { ContainerContext } from '../container-context.ts';

/** The user namespace: its maps, and a file of it for the mounts that show owners as it has them. */
export const userNamespace: Stage<ContainerContext> = {
  name: 'user-namespace',

  async up(context) {
    context.userNamespace = await resolveUserNamespace(context);
    if (context.userNamespace !== null) await letPass(context);
  },

  async down(context) {
    unmountAll(context.parts.kernel, path.join(context.paths.bundle, 'user-namespace'));
    await forgetUserNamespace(context);
  },
};

/** The files that the engine provides belong to the root of the container. They go with the bundle. */
export const providedOwners: Stage<ContainerContext> = {
  name: 'provided-owners',

  async up(context) {
    if (context.userNamespace === null) return;
    const { uid, gid } = hostOwner(context, { uid: 0, gid: 0 });
    await chownTree(context.parts.kernel, context.paths.files, uid, gid);
  },

  down: () => Promise.resolve(),
};

/** The root of the namespace is nobody on the host, but has to get to its root filesystem: through these, not into them. */
async function letPass({ parts, request, paths }: ContainerContext): Promise<void> {
  for (let above = path.dirname(parts.paths.run); above !== '/'; above = path.dirname(above)) {
    if (((await stat(above)).mode & 0o001) !== 0) continue;
    throw new EngineError(
      'HOST_UNSUITABLE',
      `prepare the user namespace of container/${request.name}: nobody but root can pass through ${above}`,
      { hint: `chmod o+x ${above}, or use another --run` },
    );
  }
  for (const directory of [parts.paths.run, path.dirname(paths.bundle), paths.bundle, paths.files]) {
    const { mode } = await stat(directory);
    if ((mode & 0o011) !== 0o011) parts.kernel.fchmodat(AT_FDCWD, directory, (mode & 0o7777) | 0o011);
  }
}
