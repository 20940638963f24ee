import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { isAlive } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** A process that a descriptor pins, so that its pid is nobody else's as long as that is open. */
export interface PinnedProcess {
  pid: number;
  pidfd: number;
}

/**
 * A pidfd (pidfd_open(2)) of the process that has this pid, when it is the one that is meant: `isMeant` is asked when the descriptor pins
 * the pid, so that what is true then stays true. Null when there is none such. The caller closes it.
 */
export async function openPidfd(
  kernel: Kernel,
  pid: number,
  isMeant: () => boolean | Promise<boolean>,
): Promise<PinnedProcess | null> {
  let pidfd: number;
  try {
    pidfd = kernel.pidfdOpen(pid, 0);
  } catch (error) {
    if (hasErrno(error, 'ESRCH')) return null;
    throw error;
  }
  let isPinned = false;
  try {
    isPinned = await isMeant();
  } finally {
    if (!isPinned) kernel.close(pidfd);
  }
  return isPinned ? { pid, pidfd } : null;
}

/** A pidfd of exactly this process, while it is alive in this boot; null otherwise. The caller closes it. */
export async function openIdentity(
  kernel: Kernel,
  identity: ProcessIdentity,
  bootId: string,
): Promise<PinnedProcess | null> {
  if (identity.bootId !== bootId) return null;
  return openPidfd(kernel, identity.pid, () => isAlive(identity, bootId));
}
