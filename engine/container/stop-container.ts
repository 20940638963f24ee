import { hasErrno, SIGKILL } from '../../native/index.ts';
import type { ContainerExit, ContainerRequest } from '../../schemas/index.ts';
import { cgroupMembers } from '../cgroup/cgroup-members.ts';
import { containerCgroup } from '../cgroup/cgroup-path.ts';
import { isFrozen, setFrozen } from '../cgroup/freezer.ts';
import { EngineError } from '../engine-error.ts';
import type { StopOptions } from '../contract/container-engine.ts';
import type { EngineParts } from './container-context.ts';
import { openProcess } from './container-process.ts';
import { awaitExit, awaitExitFile } from './exit-file.ts';

/** How long a process may take to die of SIGKILL: longer means that it hangs in the kernel. */
const KILL_TIMEOUT_MS = 10_000;

/** Asks the container's first process to end, and makes it end when it has not done so after the time given. */
export async function stopContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: StopOptions,
): Promise<void> {
  const paths = parts.paths.container(request.id);
  const process = await openProcess(parts.kernel, paths, parts.facts.bootId);
  if (process === null) return;
  try {
    // Before start there is nobody who could heed a signal but the runtime's own init.
    const created = parts.runtime.isCreated(request.id);
    if (!created) {
      sendSignal(parts, process.pidfd, options.signalNumber);
      await thaw(parts, request);
      const gone = await parts.kernel.pollReadable(
        process.pidfd,
        options.timeoutMs,
        options.signal === undefined ? {} : { signal: options.signal },
      );
      if (!gone) await killAll(parts, request, process.pidfd);
    } else {
      await killAll(parts, request, process.pidfd);
    }
    if (!(await parts.kernel.pollReadable(process.pidfd, KILL_TIMEOUT_MS))) {
      throw new EngineError(
        'TIMED_OUT',
        `stop container/${request.name}: pid ${String(process.pid)} does not die of SIGKILL; it hangs in the kernel`,
      );
    }
    killStragglers(parts, request);
    await awaitExitFile(request.id, paths, parts.exits);
  } finally {
    parts.kernel.close(process.pidfd);
  }
}

/** Sends one signal to the first process; a container whose process has ended is an error. */
export async function signalContainer(
  parts: EngineParts,
  request: ContainerRequest,
  signal: number,
): Promise<void> {
  const process = await openProcess(parts.kernel, parts.paths.container(request.id), parts.facts.bootId);
  if (process === null) {
    throw new EngineError('BAD_REQUEST', `signal container/${request.name}: its process has ended`);
  }
  try {
    sendSignal(parts, process.pidfd, signal);
  } finally {
    parts.kernel.close(process.pidfd);
  }
}

/** Waits until the process has ended and its exit is known. */
export async function waitForExit(
  parts: EngineParts,
  request: ContainerRequest,
  options: { signal?: AbortSignal } = {},
): Promise<ContainerExit> {
  const paths = parts.paths.container(request.id);
  const process = await openProcess(parts.kernel, paths, parts.facts.bootId);
  if (process !== null) {
    try {
      await parts.kernel.pollReadable(process.pidfd, -1, options);
    } finally {
      parts.kernel.close(process.pidfd);
    }
  }
  return awaitExit(request.id, paths, parts.exits);
}

function sendSignal(parts: EngineParts, pidfd: number, signal: number): void {
  try {
    parts.kernel.pidfdSendSignal(pidfd, signal);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}

/** A frozen process takes a signal only when it is thawed. */
async function thaw(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const cgroup = containerCgroup(parts.cgroupOwner, request);
  if (isFrozen(parts.cgroupLayout, cgroup)) await setFrozen(parts.cgroupLayout, cgroup, false);
}

async function killAll(parts: EngineParts, request: ContainerRequest, pidfd: number): Promise<void> {
  sendSignal(parts, pidfd, SIGKILL);
  await thaw(parts, request);
}

/** With the host's PID namespace the others do not die with the first: every process of the container is killed. */
function killStragglers(parts: EngineParts, request: ContainerRequest): void {
  if (request.spec.hostPID !== true) return;
  for (const pid of cgroupMembers(parts, request)) {
    try {
      parts.kernel.kill(pid, SIGKILL);
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }
}
