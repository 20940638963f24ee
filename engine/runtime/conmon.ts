import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import { ownEnvironment } from '../process/run-command.ts';
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
 * The environment of a conmon whose working directory is its bundle, beside the numbers of its pipes. It makes the socket for a terminal in
 * TMPDIR, and removes it only when the runtime has connected: in the bundle it goes with that, however creation or restore ends, and its
 * name is never too long for a socket. The runtime and the exit command inherit it, and so have it with a terminal only.
 */
export function monitorEnvironment(
  { terminal }: Pick<MonitorRequest, 'terminal'>,
  pipes: Readonly<Record<string, string>>,
): string[] {
  const environment = { ...ownEnvironment(), ...(terminal && { TMPDIR: '.' }), ...pipes };
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

/** The command line of conmon, behind its name. */
export function monitorArguments(
  runtime: Pick<OciRuntime, 'path' | 'globalArgs'>,
  request: MonitorRequest,
): string[] {
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
