import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, O_DIRECTORY, O_PATH } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { VolumeMount } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';
import { mountOverlay } from '../rootfs/mount-overlay.ts';
import { contextOption } from '../selinux/host-labels.ts';
import { copyDirectoryStatus } from './copy-tree.ts';

/** Directories of the throw-away upper layers; they are emptied whenever the container comes up or goes down. */
export function overlayDirectories({ paths }: Pick<ContainerContext, 'paths'>): string {
  return path.join(paths.state, 'overlays');
}

/** Puts a writable layer over the directory `lower`: a throw-away one, or the pair of directories that the mount names. */
export async function mountOverlayVolume(
  context: ContainerContext,
  mount: VolumeMount,
  lower: string,
  index: number,
): Promise<string> {
  const { kernel } = context.parts;
  const target = path.join(context.paths.bundle, 'overlays', String(index));
  await mkdir(target, { recursive: true });
  const given = typeof mount.overlay === 'object' ? mount.overlay : null;
  const { upperdir: upper, workdir: work } = given ?? (await throwAway(context, lower, index));
  try {
    mountOverlay(
      kernel,
      { lowers: [lower], upper, work, ...contextOption(context) },
      target,
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError(
      'BAD_REQUEST',
      `mount overlay at ${mount.mountPath}: expected directories, upper and work on one file system: ${why}`,
      { cause: error },
    );
  }
  return target;
}

async function throwAway(
  context: ContainerContext,
  lower: string,
  index: number,
): Promise<{ upperdir: string; workdir: string }> {
  const directory = path.join(overlayDirectories(context), String(index));
  await context.parts.kernel.removeTree(directory);
  const [upperdir, workdir] = [path.join(directory, 'upper'), path.join(directory, 'work')];
  for (const each of [upperdir, workdir]) await mkdir(each, { recursive: true, mode: 0o700 });
  copyStatus(context.parts.kernel, lower, upperdir);
  return { upperdir, workdir };
}

/** The top directory of an overlay is the upper one's. */
function copyStatus(kernel: Kernel, from: string, to: string): void {
  const flags = O_PATH | O_DIRECTORY;
  const source = kernel.openat2(AT_FDCWD, from, { flags });
  try {
    const target = kernel.openat2(AT_FDCWD, to, { flags });
    try {
      copyDirectoryStatus(kernel, source, target);
    } finally {
      kernel.close(target);
    }
  } finally {
    kernel.close(source);
  }
}
