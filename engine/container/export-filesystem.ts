import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AT_FDCWD, MOUNT_ATTR_NODEV, MOUNT_ATTR_RDONLY, O_RDONLY, SIGKILL } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { ownEnvironment } from '../process/run-command.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { mountOverlay, unmountAll } from '../rootfs/mount-overlay.ts';
import type { EngineParts } from './container-context.ts';

/** Writes the root filesystem of a container, mounted or not, as a tar archive. Volumes are not part of it. */
export async function exportFilesystem(
  parts: EngineParts,
  request: ContainerRequest,
  output: NodeJS.WritableStream,
): Promise<void> {
  const { rootfs } = parts.paths.container(request.id);
  if (request.spec.rootfs !== undefined) return archive(parts, request, request.spec.rootfs, output);
  if (isMountPoint(rootfs)) return archive(parts, request, rootfs, output);
  return withReadOnlyRoot(parts, request, (directory) => archive(parts, request, directory, output));
}

/** Mounts the layers and what the container wrote on them for as long as `action` takes. */
async function withReadOnlyRoot(
  parts: EngineParts,
  request: ContainerRequest,
  action: (directory: string) => Promise<void>,
): Promise<void> {
  if (request.image === null) {
    throw new EngineError('BAD_REQUEST', `export container/${request.name}: it has no image`);
  }
  const lowers = await parts.images.layerPaths(request.image.id);
  const { upper } = parts.paths.container(request.id);
  const directory = path.join(parts.paths.run, 'exports', `${request.id}-${randomBytes(4).toString('hex')}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    mountOverlay(
      parts.kernel,
      { lowers: [...lowers, upper] },
      directory,
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
    );
    await action(directory);
  } finally {
    unmountAll(parts.kernel, directory);
    await rmdir(directory);
    // The last one takes the directory of all exports with it.
    await rmdir(path.dirname(directory)).catch(() => undefined);
  }
}

async function archive(
  { kernel, facts }: EngineParts,
  request: ContainerRequest,
  directory: string,
  output: NodeJS.WritableStream,
): Promise<void> {
  const tar = facts.tools.tar;
  if (tar === null)
    throw new EngineError('TOOL_MISSING', `export container/${request.name}: tar is not installed`);
  const [readEnd, writeEnd] = kernel.pipe2(0);
  const devNull = kernel.openat2(AT_FDCWD, '/dev/null', { flags: O_RDONLY });
  const source = new net.Socket({ fd: readEnd, readable: true, writable: false });
  let child;
  try {
    child = kernel.spawn({
      file: tar,
      args: [tar, ...TAR_ARGUMENTS, '--directory', directory, '.'],
      env: Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`),
      fds: [devNull, writeEnd, devNull],
      newProcessGroup: true,
    });
  } catch (error) {
    source.destroy();
    throw error;
  } finally {
    kernel.close(writeEnd);
    kernel.close(devNull);
  }
  try {
    await pipeline(source, output, { end: false });
    const { code } = await kernel.waitChild(child.pidfd);
    // 1: a file changed while it was read, as happens in a container that runs.
    if (code !== 0 && code !== 1) {
      throw new EngineError(
        'COMMAND_FAILED',
        `export container/${request.name}: tar ended with ${String(code)}`,
      );
    }
  } catch (error) {
    if (!(error instanceof EngineError)) {
      kernel.pidfdSendSignal(child.pidfd, SIGKILL);
      await kernel.waitChild(child.pidfd);
    }
    throw error;
  } finally {
    kernel.close(child.pidfd);
  }
}

const TAR_ARGUMENTS = [
  '--create',
  '--format=posix',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=security.capability',
  '--xattrs-include=user.*',
  // What is mounted into a root directory of the host is not the container's.
  '--one-file-system',
  '--sparse',
];
