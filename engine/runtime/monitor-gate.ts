import { writeSync } from 'node:fs';
import type { Kernel, SpawnedProcess } from '../../native/index.ts';
import { SIGKILL } from '../../native/index.ts';
import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import { EngineError } from '../engine-error.ts';

/**
 * conmon waits for a byte from `gate` before it forks: all that comes of it will be where it is put until then. Throws MONITOR_FAILED
 * when it cannot be put there; it has ended then.
 */
export async function openGate(
  kernel: Kernel,
  { what, scope, gate }: { what: string; scope: MonitorScope | null; gate: number },
  conmon: SpawnedProcess,
): Promise<void> {
  try {
    await scope?.admit(conmon.pid);
  } catch (error) {
    kernel.kill(conmon.pid, SIGKILL);
    await kernel.waitChild(conmon.pidfd);
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError('MONITOR_FAILED', `${what}: ${why}`, { cause: error });
  }
  writeSync(gate, '1');
}
