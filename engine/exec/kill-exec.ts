import { hasErrno, SIGKILL } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { cgroupMembers } from '../cgroup/cgroup-members.ts';
import type { EngineParts } from '../container/container-context.ts';
import { readPidFile } from '../process/pid-file.ts';
import { readFile } from 'node:fs/promises';

/**
 * Kills the process that the runtime has put into the container and whose pid it wrote to `pidFile`, with its whole session:
 * killing the runtime's client, which is outside, would leave it running.
 */
export async function killExec(
  parts: EngineParts,
  request: ContainerRequest,
  pidFile: string,
): Promise<void> {
  const pid = await readPidFile(pidFile);
  if (pid === null) return;
  const members = cgroupMembers(parts, request);
  // The pid may be somebody else's by now.
  if (!members.includes(pid)) return;
  for (const victim of await inSessionOf(pid, members)) {
    try {
      parts.kernel.kill(victim, SIGKILL);
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }
}

/** Those of `pids` whose session is led by `leader`, and the leader: field 6 of proc_pid_stat(5). */
async function inSessionOf(leader: number, pids: readonly number[]): Promise<number[]> {
  const sessions = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
    }),
  );
  return pids.filter((pid, index) => pid === leader || sessions[index] === leader);
}
