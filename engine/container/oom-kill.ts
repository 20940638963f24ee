import { closeSync, constants, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { hasErrno } from '../../native/index.ts';

/** Where the kernel counts what it kills for memory, and where it tells of each; only tests name others. */
export interface OomPlaces {
  /** There where systemd is the init, sd_booted(3). */
  systemd: string;
  /** proc_vmstat(5): `oom_kill`, since the boot. */
  counters: string;
  /** Documentation/ABI/testing/dev-kmsg: one record for each read. */
  log: string;
}

const HOST: OomPlaces = { systemd: '/run/systemd/system', counters: '/proc/vmstat', log: '/dev/kmsg' };
/** The kernel writes no longer ones (CONSOLE_EXT_LOG_MAX); a read with less room than its record fails. */
const MAX_RECORD_BYTES = 8192;

/**
 * Whether the kernel's log says that the first process of a container was killed for memory. conmon asks the container's cgroup, which
 * systemd removes as soon as the process has gone: whichever is sooner. False without systemd, for then conmon's word holds, and where the
 * log cannot be read or is past that record.
 */
export function wasKilledForMemory(id: string, pid: number, places: OomPlaces = HOST): boolean {
  if (!existsSync(places.systemd) || !hasKilled(places.counters)) return false;
  let log: number;
  try {
    log = openSync(places.log, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // Nobody may read it in some containers, and some have none.
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return false;
    throw error;
  }
  try {
    // `task_memcg` stands before what the process may have named itself.
    const victim = new RegExp(`oom-kill:constraint=.*,task_memcg=[^,]*${id}[^,]*,task=.*,pid=${pid},`);
    for (const record of readRecords(log)) if (victim.test(record)) return true;
    return false;
  } finally {
    closeSync(log);
  }
}

function hasKilled(counters: string): boolean {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(counters, 'utf8'))?.[1];
    return count !== undefined && count !== '0';
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

function* readRecords(log: number): Generator<string> {
  const buffer = Buffer.alloc(MAX_RECORD_BYTES);
  for (;;) {
    let length: number;
    try {
      length = readSync(log, buffer);
    } catch (error) {
      // The next one was written over; the read after that goes on with the oldest.
      if (hasErrno(error, 'EPIPE')) continue;
      if (hasErrno(error, 'EAGAIN')) return;
      throw error;
    }
    if (length === 0) return;
    yield buffer.toString('utf8', 0, length);
  }
}
