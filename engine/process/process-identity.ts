import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot: field 22 of proc_pid_stat(5). */
  startTicks: number;
  /** /proc/sys/kernel/random/boot_id of the boot in which it was started. */
  bootId: string;
}

/** The start time of `pid` in ticks, or null when it does not exist or is a zombie. */
export function readStartTicks(pid: number): Promise<number | null> {
  return readStat(pid, (fields) => (fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19])));
}

/** The process group of `pid`, or null when it does not exist. */
export function processGroupOf(pid: number): Promise<number | null> {
  return readStat(pid, (fields) => Number(fields[2]));
}

/**
 * What `pick` makes of the fields of proc_pid_stat(5) from the third on; null when there is no such process. The kernel answers from
 * memory at once; by way of the thread pool it would take four turns, for each of many containers.
 */
function readStat<T>(pid: number, pick: (fields: readonly string[]) => T): Promise<T | null> {
  return new Promise((resolve) => {
    try {
      const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
      // The command name, field 2, stands in parentheses and may hold blanks and parentheses.
      resolve(pick(text.slice(text.lastIndexOf(')') + 2).split(' ')));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
      resolve(null);
    }
  });
}

/** True while exactly this process is alive. */
export async function isAlive(identity: ProcessIdentity, bootId: string): Promise<boolean> {
  return identity.bootId === bootId && (await readStartTicks(identity.pid)) === identity.startTicks;
}
