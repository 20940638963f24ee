import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, SIGKILL } from '../../../native/index.ts';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { cgroupDirectories } from '../../cgroup/cgroup-layout.ts';
import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { isFrozen, setFrozen } from '../../cgroup/freezer.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { EngineError } from '../../engine-error.ts';
import { readAtOnce } from '../../read-at-once.ts';

const TIMEOUT_MS = 10_000;
const STEP_MS = 5;

/** `cgroup.procs` of the container in each hierarchy that has it. */
export function procsFiles(parts: EngineParts, request: ContainerRequest): string[] {
  return cgroupDirectories(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request))
    .map((directory) => path.join(directory, 'cgroup.procs'))
    .filter((file) => existsSync(file));
}

/**
 * Kills what is in the container's cgroup and below: during a restore CRIU and what it has restored so far, and nothing else. Returns how
 * many there were.
 */
export async function killInCgroup(parts: EngineParts, request: ContainerRequest): Promise<number> {
  // One hierarchy is enough: all of them hold the same processes.
  const file = procsFiles(parts, request)[0];
  if (file === undefined) return 0;
  const pids = await pidsBelow(path.dirname(file));
  for (const pid of pids) {
    try {
      parts.kernel.kill(pid, SIGKILL);
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }
  return pids.length;
}

/** A container may have cgroups of its own, for its services; one that goes meanwhile has no processes. */
async function pidsBelow(cgroup: string): Promise<number[]> {
  const text = await readAtOnce(path.join(cgroup, 'cgroup.procs')).catch(() => '');
  const entries = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(cgroup, name));
  const below = await Promise.all(inner.map(pidsBelow));
  return [...text.split('\n').filter(Boolean).map(Number), ...below.flat()];
}

/** Does so until the cgroup is empty. */
export async function emptyCgroup(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const cgroup = containerCgroup(parts.cgroupOwner, request);
  const deadlineMs = performance.now() + TIMEOUT_MS;
  // What is frozen takes no signal.
  if (isFrozen(parts.cgroupLayout, cgroup)) await setFrozen(parts.cgroupLayout, cgroup, false);
  while ((await killInCgroup(parts, request)) > 0) {
    if (performance.now() > deadlineMs) {
      throw new EngineError(
        'TIMED_OUT',
        `take back container/${request.name}: processes in ${cgroup} do not die of SIGKILL`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
