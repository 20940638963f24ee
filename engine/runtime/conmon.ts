import net from 'node:net';
import { readFileSync } from 'node:fs';
import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import type { Kernel, SpawnedProcess } from '../../native/index.ts';
import { O_RDONLY, AT_FDCWD } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { ownEnvironment } from '../process/run-command.ts';
import { openGate } from './monitor-gate.ts';
import { runtimeError } from './oci-runtime.ts';
import type { OciRuntime } from './oci-runtime.ts';

/** What conmon needs to create and then watch one container (conmon(8)). */
export interface MonitorRequest {
  id: string;
  name: string;
  bundle: string;
  pidFile: string;
  monitorPidFile: string;
  exitDirectory: string;
  persistDirectory: string;
  logFile: string;
  terminal: boolean;
  stdin: boolean;
  systemdCgroup: boolean;
  /** Run by conmon after the exit file has been written. */
  exitCommand: readonly string[] | null;
  /** The socket of the host to which messages of the container's process are passed on, sd_notify(3). */
  notifySocket?: string;
  /** Descriptors of ours that the container's process gets, from 3 on. */
  passedFds?: readonly number[];
  /** Where the monitor is to be; null leaves it where we are. */
  scope: MonitorScope | null;
  /** Instead of a creation: the directory of the images that the runtime is to restore. */
  restoreFrom?: string;
}

/**
 * Starts conmon, which creates the container in the runtime, stays as the parent of its process and keeps its stdio, log and
 * exit code. Resolves with the pid of the container's process, which waits for `start`.
 */
export async function createUnderMonitor(
  kernel: Kernel,
  conmon: string,
  runtime: OciRuntime,
  request: MonitorRequest,
): Promise<number> {
  const [gateRead, gateWrite] = kernel.pipe2(0);
  let child, readEnd;
  try {
    const [end, writeEnd] = kernel.pipe2(0);
    readEnd = end;
    const args = [conmon, ...monitorArguments(runtime, request)];
    child = spawnMonitor(kernel, {
      args,
      cwd: request.bundle,
      passed: request.passedFds ?? [],
      sync: writeEnd,
      gate: gateRead,
    });
    const { name, scope } = request;
    await openGate(kernel, { what: `start conmon for ${name}`, scope, gate: gateWrite }, child);
  } catch (error) {
    if (readEnd !== undefined) kernel.close(readEnd);
    if (child !== undefined) kernel.close(child.pidfd);
    throw error;
  } finally {
    kernel.close(gateWrite);
  }
  try {
    // The first process forks the daemon and ends at once; the answer comes when the runtime is done.
    const [line, exit] = await Promise.all([readLine(readEnd), kernel.waitChild(child.pidfd)]);
    if (line === null && exit.code !== 0) {
      throw new EngineError(
        'MONITOR_FAILED',
        `start conmon for ${request.name}: it ended with ${String(exit.code)}`,
      );
    }
    return parseSync(line, request);
  } finally {
    kernel.close(child.pidfd);
  }
}

/** Spawns it with its sync and start pipes behind what it passes on, and closes our copies of the two. */
function spawnMonitor(
  kernel: Kernel,
  {
    args,
    cwd,
    passed,
    sync,
    gate,
  }: { args: readonly string[]; cwd: string; passed: readonly number[]; sync: number; gate: number },
): SpawnedProcess {
  const devNull = kernel.openat2(AT_FDCWD, '/dev/null', { flags: O_RDONLY });
  const pipes = 3 + passed.length;
  const environment = {
    ...ownEnvironment(),
    _OCI_SYNCPIPE: String(pipes),
    _OCI_STARTPIPE: String(pipes + 1),
  };
  try {
    return kernel.spawn({
      file: args[0] ?? '',
      args,
      env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      cwd,
      fds: [devNull, devNull, devNull, ...passed, sync, gate],
      newProcessGroup: true,
    });
  } finally {
    for (const fd of [devNull, sync, gate]) kernel.close(fd);
  }
}

function monitorArguments(runtime: OciRuntime, request: MonitorRequest): string[] {
  return [
    ...['--api-version', '1', '--cid', request.id, '--cuuid', request.id, '--name', request.name],
    ...['--runtime', runtime.path, '--bundle', request.bundle, '--container-pidfile', request.pidFile],
    ...['--conmon-pidfile', request.monitorPidFile, '--exit-dir', request.exitDirectory],
    ...[
      '--persist-dir',
      request.persistDirectory,
      '--full-attach',
      '--log-path',
      `k8s-file:${request.logFile}`,
    ],
    ...['--log-level', 'error'],
    // conmon adds --systemd-cgroup itself, where the verb knows it.
    ...runtime.globalArgs
      .filter((arg) => arg !== '--systemd-cgroup')
      .flatMap((arg) => ['--runtime-arg', arg]),
    ...(request.systemdCgroup ? ['--systemd-cgroup'] : []),
    ...(request.terminal ? ['--terminal'] : []),
    // Whoever attaches and leaves does not end the input for those after him, as `stdinOnce: false` means on a cluster.
    ...(request.stdin ? ['--stdin', '--leave-stdin-open'] : []),
    ...(request.notifySocket === undefined ? [] : ['--sdnotify-socket', request.notifySocket]),
    ...(request.restoreFrom === undefined ? [] : ['--restore', request.restoreFrom]),
    ...preserveArguments(request.passedFds ?? []),
    ...exitCommandArguments(request.exitCommand),
  ];
}

/** conmon hands its own descriptors down; the runtime has to be told how many it is to leave open. */
function preserveArguments({ length }: readonly number[]): string[] {
  return length === 0 ? [] : ['--runtime-opt', '--preserve-fds', '--runtime-opt', String(length)];
}

function exitCommandArguments(command: readonly string[] | null): string[] {
  const [program, ...args] = command ?? [];
  if (program === undefined) return [];
  return ['--exit-command', program, ...args.flatMap((arg) => ['--exit-command-arg', arg])];
}

/** conmon's answer: `{"data": <pid>}`, or `{"data": -1, "message": "<what the runtime said>"}`. */
function parseSync(line: string | null, request: MonitorRequest): number {
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

/** The pid in a pid file, or null when there is none. */
export function readPidFile(file: string): Promise<number | null> {
  return new Promise((resolve) => {
    try {
      // Some bytes in the memory of /run: sooner read than handed to the thread pool.
      const pid = Number(readFileSync(file, 'utf8').trim());
      resolve(Number.isInteger(pid) && pid > 0 ? pid : null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      resolve(null);
    }
  });
}
