import { writeSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Kernel, SpawnedProcess } from '../../native/index.ts';
import { SIGKILL } from '../../native/index.ts';
import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import { EngineError } from '../engine-error.ts';

/**
 * Where a conmon waits before it forks (_OCI_STARTPIPE): what is to be settled about the process itself is settled until then. An
 * eventfd(2) and no pipe, because conmon takes the end of a pipe for the sign to go on: this gate stays shut when all who could open it
 * have died.
 */
export function createGate(kernel: Kernel): number {
  return kernel.eventfd(0, 0);
}

/** Lets one conmon pass. */
export function openGate(gate: number): void {
  writeSync(gate, ONE);
}

/** A uint64_t in the host's byte order. */
const ONE = Uint8Array.from(endianness() === 'LE' ? [1, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0, 1]);

/**
 * Puts a conmon that waits where it is to be: all that comes of it will be there. Throws MONITOR_FAILED, and it has ended then, when it
 * cannot be put there.
 */
export async function admitMonitor(
  kernel: Kernel,
  { what, scope }: { what: string; scope: MonitorScope | null },
  conmon: SpawnedProcess,
): Promise<void> {
  try {
    await scope?.admit(conmon.pid);
  } catch (error) {
    await endWaiting(kernel, conmon);
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError('MONITOR_FAILED', `${what}: ${why}`, { cause: error });
  }
}

/** Ends a conmon that waits, and reaps it. */
export async function endWaiting(kernel: Kernel, { pidfd }: SpawnedProcess): Promise<void> {
  kernel.pidfdSendSignal(pidfd, SIGKILL);
  await kernel.waitChild(pidfd);
}
