import { readFile } from 'node:fs/promises';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot: field 22 of proc_pid_stat(5). */
  startTicks: number;
  /** /proc/sys/kernel/random/boot_id of the boot in which it was started. */
  bootId: string;
}

/** The start time of `pid` in ticks, or null when it does not exist or is a zombie. */
export async function readStartTicks(pid: number): Promise<number | null> {
  const fields = await readStat(pid);
  if (fields === null || fields[0] === 'Z' || fields[0] === 'X') return null;
  return Number(fields[19]);
}

/** The process group of `pid`, or null when it does not exist. */
export async function processGroupOf(pid: number): Promise<number | null> {
  const fields = await readStat(pid);
  return fields === null ? null : Number(fields[2]);
}

/** The fields of proc_pid_stat(5) from the third on. */
async function readStat(pid: number): Promise<string[] | null> {
  try {
    const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The command name, field 2, stands in parentheses and may hold blanks and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** True while exactly this process is alive. */
export async function isAlive(identity: ProcessIdentity, bootId: string): Promise<boolean> {
  return identity.bootId === bootId && (await readStartTicks(identity.pid)) === identity.startTicks;
}
