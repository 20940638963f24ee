import type { RunningServer, ServeOptions } from '../api/server.ts';
import { socketPathOf } from '../arguments/service-options.ts';
import type { DaemonHandle, DaemonLog, DaemonOptions } from './daemon-handle.ts';
import type { Service } from '../api/service.ts';
import type { CommandHost } from '../hosted/command-host.ts';
import type { ServiceManager } from './service-manager.ts';

/** How long requests may go on after the daemon was told to stop, milliseconds. */
const GRACE_MS = 5000;

export interface DaemonParts {
  options: DaemonOptions;
  version: string;
  log: DaemonLog;
  manager: ServiceManager;
  openDaemon(options: DaemonOptions): Promise<DaemonHandle>;
  serve(options: ServeOptions): Promise<RunningServer>;
  /** Makes what runs the commands of clients that are not Node. */
  hostCommands(service: Service): Pick<CommandHost, 'prepare' | 'serve'>;
  /** Given on SIGTERM and SIGINT. */
  signal: AbortSignal;
}

/** Runs the daemon until the signal is given. Containers neither notice its beginning nor its end. */
export async function runDaemon(parts: DaemonParts): Promise<void> {
  const { options, version, log, manager, signal } = parts;
  const { root, run, manifests } = options;
  // The lock is taken here: after it nobody else can be serving the socket.
  const daemon = await parts.openDaemon(options);
  let server: RunningServer | null = null;
  let stopWatchdog = (): void => undefined;
  try {
    const host = parts.hostCommands(daemon.service);
    server = await parts.serve({
      service: daemon.service,
      socketPath: socketPathOf(run),
      version,
      root,
      onCommand: (socket, ends) => {
        host.serve(socket, ends);
      },
    });
    manager.notify('READY=1', `STATUS=${daemon.status()}`);
    stopWatchdog = feedWatchdog(manager, daemon);
    log.info({ version, root, run, manifests }, 'ready');
    host.prepare().catch((error: unknown) => {
      log.error({ err: error }, 'load the commands failed');
    });
    await aborted(signal);
    log.info({}, 'stopping; containers go on');
  } finally {
    manager.notify('STOPPING=1');
    stopWatchdog();
    await server?.close(GRACE_MS);
    await daemon.close();
  }
  log.info({}, 'stopped');
}

/** Tells the manager twice within its time that all is well, as long as it is. */
function feedWatchdog(manager: ServiceManager, daemon: DaemonHandle): () => void {
  if (manager.watchdogMs === null) return () => undefined;
  const timer = setInterval(() => {
    if (daemon.healthy()) manager.notify('WATCHDOG=1', `STATUS=${daemon.status()}`);
  }, manager.watchdogMs / 2);
  return () => {
    clearInterval(timer);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
