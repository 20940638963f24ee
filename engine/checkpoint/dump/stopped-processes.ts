import { freezerDirectory } from '../../cgroup/freezer.ts';
import { pidsBelow } from '../../cgroup/cgroup-members.ts';
import type { CgroupLayout } from '../../cgroup/cgroup-layout.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** Where the kernel keeps a process that SIGSTOP has stopped, also while it is frozen (proc_pid_wchan(5)). */
const STOPPED_PLACE = 'do_signal_stop';

/**
 * Processes of a cgroup, and of those below it, whom a debugger cannot seize while they are frozen: under the version 1 freezer ptrace(2) waits for a stopped
 * process to wake, which it does not before it is thawed, and so CRIU would wait for ever.
 */
export async function findStoppedProcesses(layout: CgroupLayout, cgroupPath: string): Promise<number[]> {
  if (!layout.v1.has('freezer')) return [];
  const directory = freezerDirectory(layout, cgroupPath);
  if (directory === null) return [];
  const pids = pidsBelow(directory);
  const places = await Promise.all(
    pids.map((pid) => readAtOnce(`/proc/${String(pid)}/wchan`).catch(() => '')),
  );
  return pids.filter((_, index) => places[index] === STOPPED_PLACE);
}
