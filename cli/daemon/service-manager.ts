import type { DaemonLog } from './daemon-handle.ts';

/** SOCK_DGRAM of socket(2). */
const SOCK_DGRAM = 2;

/** systemd, or whoever started the daemon and listens for sd_notify(3). */
export interface ServiceManager {
  /** One state for each word: `READY=1`, `STATUS=…`. Never throws: a deaf manager must not stop the daemon. */
  notify(...states: string[]): void;
  /** How often it wants to hear `WATCHDOG=1`, milliseconds; null: not at all. */
  readonly watchdogMs: number | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** As much of `Kernel` as a notification needs. */
export interface DatagramKernel {
  connectUnix(path: string, type: number): number;
  sendmsg(fd: number, data: Uint8Array, fds: readonly number[]): number;
  close(fd: number): void;
}

/** Speaks to the socket of NOTIFY_SOCKET; without one it is silent. `kernel` is asked for only then. */
export async function connectServiceManager(
  env: Env,
  kernel: () => Promise<DatagramKernel>,
  log: Pick<DaemonLog, 'warn'>,
): Promise<ServiceManager> {
  const socket = env['NOTIFY_SOCKET'] ?? '';
  if (socket === '') return { notify: () => undefined, watchdogMs: null };
  if (!socket.startsWith('/')) {
    log.warn(
      { socket },
      'notify: only sockets with a path are supported; the service manager will not be told',
    );
    return { notify: () => undefined, watchdogMs: null };
  }
  const calls = await kernel();
  return {
    notify: (...states) => {
      try {
        const fd = calls.connectUnix(socket, SOCK_DGRAM);
        try {
          calls.sendmsg(fd, Buffer.from(states.join('\n')), []);
        } finally {
          calls.close(fd);
        }
      } catch (error) {
        log.warn({ err: error, socket }, 'notify: the service manager could not be told');
      }
    },
    watchdogMs: readWatchdogMs(env),
  };
}

/** WATCHDOG_USEC, unless WATCHDOG_PID says that it is meant for another process; sd_watchdog_enabled(3). */
function readWatchdogMs(env: Env): number | null {
  const usec = Number(env['WATCHDOG_USEC'] ?? '');
  if (!Number.isFinite(usec) || usec <= 0) return null;
  const pid = env['WATCHDOG_PID'];
  if (pid !== undefined && pid !== String(process.pid)) return null;
  return usec / 1000;
}
