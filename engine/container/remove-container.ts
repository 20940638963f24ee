import { rename } from 'node:fs/promises';
import { letConnectionsGo } from '../checkpoint/kept/kept-checkpoints.ts';
import { hasErrno } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { mountPointsBelow } from '../rootfs/is-mount-point.ts';
import { unmountAll } from '../rootfs/mount-overlay.ts';
import type { EngineParts } from './container-context.ts';

/** Which containers are being removed now: they must not be mounted again meanwhile. */
export class RemovalGate {
  readonly #removing = new Set<string>();

  /** Throws BAD_REQUEST while the container is being removed. */
  refuse(request: ContainerRequest, verb: string): void {
    if (!this.#removing.has(request.id)) return;
    throw new EngineError('BAD_REQUEST', `${verb} container/${request.name}: it is being removed`);
  }

  async during<T>(request: ContainerRequest, action: () => Promise<T>): Promise<T> {
    this.#removing.add(request.id);
    try {
      return await action();
    } finally {
      this.#removing.delete(request.id);
    }
  }
}

/** Removes what cleanup leaves: the writable layer, logs and volumes of the container's own. Safe to run again after a crash. */
export async function removeContainerStorage(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const paths = parts.paths.container(request.id);
  await letConnectionsGo(parts, paths);
  for (const point of mountPointsBelow(paths.memoryDirs)) unmountAll(parts.kernel, point);
  await parts.kernel.removeTree(paths.memoryDirs);
  // First out of the way as a whole: whoever creates it again after a crash must not find half of a writable layer.
  const condemned = `${paths.state}.removing`;
  await parts.kernel.removeTree(condemned);
  await rename(paths.state, condemned).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error;
  });
  await parts.kernel.removeTree(condemned);
  await parts.idRanges.release(request.id);
}
