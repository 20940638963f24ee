import { readdirSync } from 'node:fs';
import path from 'node:path';
import { AT_FDCWD, hasErrno, S_IFBLK, S_IFCHR, S_IFDIR, S_IFMT } from '../../native/index.ts';
import type { FileStatus, Kernel } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { DeviceNode } from '../spec/spec-input.ts';

/** Entries of /dev that are not devices of the host but mounts of the container's own. */
const NOT_OF_THE_HOST = new Set(['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/fd', '/dev/console']);

/** The device nodes that the manifest asks for; for a privileged container all of the host's. */
export function resolveDevices(kernel: Kernel, request: ContainerRequest): DeviceNode[] {
  const { spec } = request;
  const wanted = (spec.devices ?? []).flatMap((device) => {
    const found = devicesAt(
      kernel,
      device.hostPath,
      device.containerPath ?? device.hostPath,
      device.permissions ?? 'rwm',
    );
    if (found.length === 0) {
      throw new EngineError(
        'BAD_REQUEST',
        `add device ${device.hostPath}: it does not exist, or is no device`,
      );
    }
    return found;
  });
  const privileged = spec.privileged === true || spec.securityContext?.privileged === true;
  return privileged ? [...devicesAt(kernel, '/dev', '/dev', 'rwm'), ...wanted] : wanted;
}

/** The device at `hostPath`, or all those below it. */
export function devicesAt(
  kernel: Kernel,
  hostPath: string,
  containerPath: string,
  permissions: string,
): DeviceNode[] {
  if (NOT_OF_THE_HOST.has(hostPath)) return [];
  let status: FileStatus;
  try {
    status = kernel.fstatat(AT_FDCWD, hostPath, 0);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
  const type = status.mode & S_IFMT;
  if (type === S_IFDIR) {
    return readdirSync(hostPath, { withFileTypes: true })
      .filter((entry) => !entry.isSymbolicLink())
      .flatMap(({ name }) =>
        devicesAt(kernel, path.join(hostPath, name), path.join(containerPath, name), permissions),
      );
  }
  if (type !== S_IFCHR && type !== S_IFBLK) return [];
  return [
    {
      path: containerPath,
      type: type === S_IFCHR ? 'c' : 'b',
      major: status.rdevMajor,
      minor: status.rdevMinor,
      fileMode: status.mode & 0o7777,
      uid: status.uid,
      gid: status.gid,
      permissions,
    },
  ];
}
