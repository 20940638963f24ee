import { hasErrno, SIGKILL } from '../../../native/index.ts';
import { containerCgroup, removeCgroup } from '../../cgroup/cgroup-path.ts';
import { removeParentCgroups } from '../../cgroup/parent-cgroups.ts';
import { openByPidFile } from '../../process/pid-file.ts';
import { processGroupOf } from '../../process/process-identity.ts';
import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';
import { letConnectionsGo } from '../../checkpoint/kept/kept-checkpoints.ts';
import { endLazyMemory } from '../../checkpoint/restore/lazy-memory.ts';
import { dropParked } from '../../checkpoint/parked-runtime.ts';
import { openProcess, saveProcess } from '../container-process.ts';
import { hasExitFile } from '../exit-file.ts';

/** The container in the OCI runtime, under its monitor; its process waits for start. */
export const runtimeContainer: Stage<ContainerContext> = {
  name: 'runtime-container',

  async up(context) {
    const { parts, request, paths } = context;
    // For a restore that is not to be.
    await dropParked(parts, request);
    await letConnectionsGo(parts, paths);
    parts.runtime.claim(request.id);
    if (context.monitor === null) throw new Error(`create container/${request.name}: no monitor waits`);
    const pid = await context.monitor.release();
    await saveProcess(paths, pid, parts.facts.bootId);
  },

  async down(context) {
    const { parts, request } = context;
    await dropParked(parts, request);
    await endProcess(context);
    await endLazyMemory(context);
    await endMonitor(context);
    await removeCgroup(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request));
    await removeParentCgroups(parts, request.pod?.id ?? null);
  },
};

/** In its place when the runtime's state and the cgroups are to stay for a restore. */
export const parkedContainer: Stage<ContainerContext> = {
  name: 'parked-container',
  up: () => Promise.resolve(),
  async down(context) {
    await endProcess(context);
    await endLazyMemory(context);
    await endMonitor(context);
  },
};

/** The process is dead when the runtime has deleted it; one that the runtime had lost is killed here. */
async function endProcess({ parts, paths }: ContainerContext): Promise<void> {
  const process = await openProcess(parts.kernel, paths, parts.facts.bootId);
  if (process === null) return;
  try {
    parts.kernel.pidfdSendSignal(process.pidfd, SIGKILL);
    await parts.kernel.pollReadable(process.pidfd, MONITOR_TIMEOUT_MS);
  } finally {
    parts.kernel.close(process.pidfd);
  }
}

/**
 * conmon ends by itself after it has run its exit command. That command would do what is being done here, and waits for its turn
 * to do so: once the exit is known, both are ended, unless it is the exit command that has got here.
 */
async function endMonitor({ parts, paths }: ContainerContext): Promise<void> {
  const monitor = await openByPidFile(parts.kernel, paths.monitorPidFile, paths.bundle);
  if (monitor === null) return;
  const { pid, pidfd } = monitor;
  try {
    const isOurs = (await processGroupOf(process.pid)) === (await processGroupOf(pid));
    if (isOurs) return;
    if (!hasExitFile(paths)) await parts.kernel.pollReadable(pidfd, MONITOR_TIMEOUT_MS);
    // conmon is the leader of a session of its own.
    parts.kernel.kill(-pid, SIGKILL);
    await parts.kernel.pollReadable(pidfd, MONITOR_TIMEOUT_MS);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  } finally {
    parts.kernel.close(pidfd);
  }
}

const MONITOR_TIMEOUT_MS = 2_000;
