import net from 'node:net';
import type { Kernel, SpawnedProcess } from '../../native/index.ts';
import { AT_FDCWD, O_RDONLY, SIGKILL } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { monitorArguments, monitorEnvironment } from './conmon.ts';
import type { MonitorRequest } from './conmon.ts';
import { admitMonitor, createGate, endWaiting, openGate } from './monitor-gate.ts';
import { runtimeError } from './oci-runtime.ts';
import type { OciRuntime } from './oci-runtime.ts';

/** A conmon that has started and does nothing yet. It ends with the process that has started it, however that ends. */
export interface WaitingMonitor {
  /**
   * Lets it go on: it has the runtime create, or restore, the container, stays as the parent of its process and keeps its stdio, log and
   * exit code. Resolves with the pid of the container's process, which waits for `start`. To be called once.
   */
  release(): Promise<number>;
  /** Ends it unless it was released. Safe twice. */
  abandon(): Promise<void>;
}

/**
 * Starts conmon and lets it wait at its gate, so that it has loaded when the bundle is ready. The bundle and the directory of the log
 * have to be there; what the runtime reads has not.
 */
export function startMonitor(
  kernel: Kernel,
  conmon: string,
  runtime: Pick<OciRuntime, 'path' | 'globalArgs'>,
  request: MonitorRequest,
): WaitingMonitor {
  const { name, scope } = request;
  const [answer, sync] = kernel.pipe2(0);
  let gate = -1;
  let child: SpawnedProcess;
  try {
    gate = createGate(kernel);
    const args = [conmon, ...monitorArguments(runtime, request)];
    child = spawnMonitor(kernel, request, { args, sync, gate });
  } catch (error) {
    kernel.close(answer);
    if (gate !== -1) kernel.close(gate);
    throw error;
  } finally {
    kernel.close(sync);
  }
  const admission = admitMonitor(kernel, { what: `start conmon for ${name}`, scope }, child);
  // Whoever releases it is told.
  admission.catch(() => undefined);
  let isOver = false;
  const finish = (): void => {
    for (const fd of [gate, child.pidfd]) kernel.close(fd);
  };
  return {
    async release() {
      isOver = true;
      try {
        await admission.catch((error: unknown) => {
          kernel.close(answer);
          throw error;
        });
        openGate(gate);
        // The first process forks the daemon and ends at once; the answer comes when the runtime is done.
        const [line, exit] = await Promise.all([readLine(answer), kernel.waitChild(child.pidfd)]);
        if (line === null && exit.code !== 0) {
          const how = exit.code === null ? `signal ${String(exit.signal)}` : String(exit.code);
          throw new EngineError('MONITOR_FAILED', `start conmon for ${name}: it ended with ${how}`);
        }
        return parseAnswer(line, request);
      } finally {
        finish();
      }
    },
    async abandon() {
      if (isOver) return;
      isOver = true;
      kernel.close(answer);
      const isAdmitted = await admission.then(
        () => true,
        () => false,
      );
      if (isAdmitted) await endWaiting(kernel, child);
      finish();
    },
  };
}

/** Spawns it with its sync pipe and its gate behind what it passes on. */
function spawnMonitor(
  kernel: Kernel,
  request: MonitorRequest,
  { args, sync, gate }: { args: readonly string[]; sync: number; gate: number },
): SpawnedProcess {
  const { bundle, passedFds: passed = [] } = request;
  const devNull = kernel.openat2(AT_FDCWD, '/dev/null', { flags: O_RDONLY });
  const first = 3 + passed.length;
  try {
    return kernel.spawn({
      file: args[0] ?? '',
      args,
      env: monitorEnvironment(request, { _OCI_SYNCPIPE: String(first), _OCI_STARTPIPE: String(first + 1) }),
      cwd: bundle,
      fds: [devNull, devNull, devNull, ...passed, sync, gate],
      newProcessGroup: true,
      // The monitor itself does not have it: it is forked by this process, once past the gate.
      parentDeathSignal: SIGKILL,
    });
  } finally {
    kernel.close(devNull);
  }
}

/** conmon's answer: `{"data": <pid>}`, or `{"data": -1, "message": "<what the runtime said>"}`. */
function parseAnswer(line: string | null, request: MonitorRequest): number {
  const what = `${request.restoreFrom === undefined ? 'create' : 'restore'} container/${request.name}`;
  if (line === null) throw runtimeError(what, '');
  const answer = JSON.parse(line) as { data?: number; pid?: number; message?: string };
  const pid = answer.data ?? answer.pid ?? -1;
  if (pid <= 0) throw runtimeError(what, answer.message ?? '');
  return pid;
}

/** The first line from `fd`, or null at its end; closes it. */
async function readLine(fd: number): Promise<string | null> {
  const socket = new net.Socket({ fd, readable: true, writable: false });
  let text = '';
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('utf8');
    if (text.includes('\n')) break;
  }
  socket.destroy();
  const end = text.indexOf('\n');
  return end < 0 ? null : text.slice(0, end);
}
