import { readFileSync } from 'node:fs';
import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { openPidfd } from './open-pidfd.ts';
import type { PinnedProcess } from './open-pidfd.ts';

/** The pid in a pid file, or null when there is none. */
export function readPidFile(file: string): Promise<number | null> {
  return new Promise((resolve) => {
    try {
      // Some bytes in the memory of /run: sooner read than handed to the thread pool.
      const pid = Number(readFileSync(file, 'utf8').trim());
      resolve(Number.isInteger(pid) && pid > 0 ? pid : null);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      resolve(null);
    }
  });
}

/**
 * A pidfd of the process whose pid stands in a file, when it is the one that was started with `argument` among its arguments: the pid may
 * be somebody else's by now. Null when there is none such. The caller closes it.
 */
export async function openByPidFile(
  kernel: Kernel,
  file: string,
  argument: string,
): Promise<PinnedProcess | null> {
  const pid = await readPidFile(file);
  return pid === null ? null : openPidfd(kernel, pid, () => argumentsOf(pid).includes(argument));
}

/** proc_pid_cmdline(5); none of a process that is gone, or a zombie. */
function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ESRCH')) return [];
    throw error;
  }
}
