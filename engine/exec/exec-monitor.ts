import { AT_FDCWD, O_RDONLY } from '../../native/index.ts';
import type { SpawnedProcess } from '../../native/index.ts';
import type { EngineParts } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';
import { monitorEnvironment } from '../runtime/conmon.ts';
import { admitMonitor, createGate, openGate } from '../runtime/monitor-gate.ts';
import { runtimeError } from '../runtime/oci-runtime.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import { connectAttach } from './attach-stream.ts';
import type { ExecPaths } from './exec-paths.ts';
import { LineReader } from './line-reader.ts';

export interface ExecMonitorRequest {
  /** What is being done, to what: how errors begin. */
  what: string;
  containerId: string;
  sessionId: string;
  paths: ExecPaths;
  tty: boolean;
  stdin: boolean;
  /** False for a detached session: then nobody can ever attach. */
  attach: boolean;
}

export interface ExecMonitor {
  pid: number;
  /** Connected before the process started, so that nothing of its output is missed. */
  attachSocket: number | null;
  /** Further messages of the monitor: the last one has the exit code. */
  messages: LineReader;
}

/** Starts a conmon that starts the process of a session in the runtime and watches it (conmon(8), --exec). */
export async function startExecMonitor(
  parts: EngineParts,
  request: ExecMonitorRequest,
): Promise<ExecMonitor> {
  const { kernel } = parts;
  const [syncRead, syncWrite] = kernel.pipe2(0);
  const gate = createGate(kernel);
  const [attachRead, attachWrite] = kernel.pipe2(0);
  const messages = new LineReader(syncRead);
  const attachReady = new LineReader(attachRead);
  let attachSocket: number | null = null;
  try {
    const child = spawnMonitor(parts, request, { sync: syncWrite, gate, attach: attachWrite });
    try {
      await admitMonitor(kernel, { what: request.what, scope: parts.monitors }, child);
      openGate(gate);
      const [ready, exit] = await Promise.all([
        request.attach ? attachReady.next() : null,
        kernel.waitChild(child.pidfd),
      ]);
      if (exit.code !== 0 || (request.attach && ready === null)) {
        throw new EngineError('MONITOR_FAILED', `${request.what}: conmon ended with ${String(exit.code)}`);
      }
      if (request.attach) {
        attachSocket = connectAttach(kernel, request.paths.attach);
        // With attach it waits there again before it starts the process.
        openGate(gate);
      }
      return { pid: await readPid(messages, request.what), attachSocket, messages };
    } finally {
      kernel.close(child.pidfd);
    }
  } catch (error) {
    messages.close();
    if (attachSocket !== null) kernel.close(attachSocket);
    throw error;
  } finally {
    attachReady.close();
    kernel.close(gate);
  }
}

/** Spawns it with its sync pipe, its gate and its attach pipe, and closes our copies of the pipes. */
function spawnMonitor(
  { kernel, facts, runtime }: EngineParts,
  request: ExecMonitorRequest,
  { sync, gate, attach }: { sync: number; gate: number; attach: number },
): SpawnedProcess {
  const devNull = kernel.openat2(AT_FDCWD, '/dev/null', { flags: O_RDONLY });
  try {
    return kernel.spawn({
      file: facts.conmon.path,
      args: [facts.conmon.path, ...monitorArguments(request, runtime)],
      env: monitorEnvironment(
        { terminal: request.tty },
        { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4', ...(request.attach && { _OCI_ATTACHPIPE: '5' }) },
      ),
      cwd: request.paths.directory,
      fds: [devNull, devNull, devNull, sync, gate, ...(request.attach ? [attach] : [])],
      newProcessGroup: true,
    });
  } finally {
    for (const fd of [devNull, sync, attach]) kernel.close(fd);
  }
}

function monitorArguments(
  { containerId, sessionId, paths, ...request }: ExecMonitorRequest,
  runtime: OciRuntime,
): string[] {
  return [
    ...[
      '--api-version',
      '1',
      '--cid',
      containerId,
      '--cuuid',
      sessionId,
      '--runtime',
      runtime.programOf(containerId),
    ],
    ...['--bundle', paths.directory, '--container-pidfile', paths.pidFile],
    ...['--conmon-pidfile', paths.monitorPidFile, '--exit-dir', paths.exits, '--full-attach'],
    ...['--log-path', 'none', '--log-level', 'error'],
    ...['--exec', '--exec-process-spec', paths.processSpec],
    ...(request.attach ? ['--exec-attach'] : []),
    ...(request.tty ? ['--terminal'] : []),
    ...(request.stdin ? ['--stdin'] : []),
    ...runtime.globalArgs.flatMap((arg) => ['--runtime-arg', arg]),
  ];
}

/** conmon's first message: `{"data": <pid>}`, or `{"data": <not a pid>, "message": "<what the runtime said>"}`. */
async function readPid(messages: LineReader, what: string): Promise<number> {
  const line = await messages.next();
  if (line === null) throw runtimeError(what, '');
  const { data, message } = JSON.parse(line) as { data: number; message?: string };
  if (data <= 0 || message !== undefined) throw runtimeError(what, message ?? '');
  return data;
}
