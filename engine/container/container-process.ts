import { readFileSync } from 'node:fs';
import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { ContainerPaths } from '../host-paths.ts';
import { openIdentity } from '../process/open-pidfd.ts';
import type { PinnedProcess } from '../process/open-pidfd.ts';
import { readStartTicks } from '../process/process-identity.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { writeVolatile } from '../volatile-file.ts';

/** Notes, beside the bundle, which process is the container's first. */
export async function saveProcess(paths: ContainerPaths, pid: number, bootId: string): Promise<void> {
  const startTicks = (await readStartTicks(pid)) ?? 0;
  const identity: ProcessIdentity = { pid, startTicks, bootId };
  writeVolatile(paths.process, JSON.stringify(identity), 0o600);
}

/** The noted process, alive or not; null before it was created. */
export function readProcess(paths: ContainerPaths): Promise<ProcessIdentity | null> {
  return new Promise((resolve) => {
    try {
      // Some bytes in the memory of /run: sooner read than handed to the thread pool.
      resolve(JSON.parse(readFileSync(paths.process, 'utf8')) as ProcessIdentity);
    } catch (error) {
      // Cut off by a crash: the creation did not get to its end.
      if (!(error instanceof SyntaxError) && !hasErrno(error, 'ENOENT')) throw error;
      resolve(null);
    }
  });
}

/** A pidfd of the container's process, or null when it has ended. The caller closes it. */
export async function openProcess(
  kernel: Kernel,
  paths: ContainerPaths,
  bootId: string,
): Promise<PinnedProcess | null> {
  const identity = await readProcess(paths);
  return identity === null ? null : openIdentity(kernel, identity, bootId);
}
