import { existsSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, SIGKILL } from '../../../native/index.ts';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { cgroupDirectories } from '../../cgroup/cgroup-layout.ts';
import { cgroupMembers } from '../../cgroup/cgroup-members.ts';
import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { isFrozen, setFrozen } from '../../cgroup/freezer.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { EngineError } from '../../engine-error.ts';

const TIMEOUT_MS = 10_000;
const STEP_MS = 5;

/** `cgroup.procs` of the container in each hierarchy that has it. */
export function procsFiles(parts: EngineParts, request: ContainerRequest): string[] {
  return cgroupDirectories(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request))
    .map((directory) => path.join(directory, 'cgroup.procs'))
    .filter((file) => existsSync(file));
}

/** Kills all of them: during a restore CRIU and what it has restored so far, and nothing else. Returns how many there were. */
export function killInCgroup(parts: EngineParts, request: ContainerRequest): number {
  const pids = cgroupMembers(parts, request);
  for (const pid of pids) {
    try {
      parts.kernel.kill(pid, SIGKILL);
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }
  return pids.length;
}

/** Does so until none is left. */
export async function emptyCgroup(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const cgroup = containerCgroup(parts.cgroupOwner, request);
  const deadlineMs = performance.now() + TIMEOUT_MS;
  // What is frozen takes no signal.
  if (isFrozen(parts.cgroupLayout, cgroup)) await setFrozen(parts.cgroupLayout, cgroup, false);
  while (killInCgroup(parts, request) > 0) {
    if (performance.now() > deadlineMs) {
      throw new EngineError(
        'TIMED_OUT',
        `take back container/${request.name}: processes in ${cgroup} do not die of SIGKILL`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
