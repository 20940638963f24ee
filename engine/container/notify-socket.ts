import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { SOCK_DGRAM } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { ContainerContext } from './container-context.ts';

/** Directory of the container in which its socket is. */
export const NOTIFY_DIRECTORY = '/run/notify';

/** The socket of the service manager that tsctr runs under, sd_notify(3); null when there is none. */
export function hostNotifySocket(): string | null {
  const socket = process.env['NOTIFY_SOCKET'];
  return socket === undefined || !socket.startsWith('/') ? null : socket;
}

/** Where the monitor passes messages of the container's process on to; null when nobody listens, or nobody is to be told. */
export function relaySocket(request: ContainerRequest): string | null {
  return request.spec.sdNotify === 'container' ? hostNotifySocket() : null;
}

/** The directory in which the monitor makes the container's socket, mounted at /run/notify. */
export async function provideNotifyDirectory(context: ContainerContext): Promise<void> {
  if (relaySocket(context.request) === null) return;
  const directory = path.join(context.paths.bundle, 'notify');
  await mkdir(directory, { mode: 0o755 });
  context.providedFiles[NOTIFY_DIRECTORY] = directory;
}

/** Tells the service manager which process is the main one: the monitor; and with `sdNotify: monitor` that the container is up. */
export function notifyStarted(kernel: Kernel, request: ContainerRequest, monitorPid: number | null): void {
  const { sdNotify } = request.spec;
  if (sdNotify !== 'monitor' && sdNotify !== 'healthy') return;
  const mainPid = monitorPid === null ? [] : [`MAINPID=${String(monitorPid)}`];
  notify(kernel, sdNotify === 'monitor' ? [...mainPid, 'READY=1'] : mainPid);
}

/** `sdNotify: healthy`: tells the service manager that the container is up, once its probes say so. */
export function notifyHealthy(kernel: Kernel, request: ContainerRequest): void {
  if (request.spec.sdNotify === 'healthy') notify(kernel, ['READY=1']);
}

function notify(kernel: Kernel, lines: readonly string[]): void {
  const socket = hostNotifySocket();
  if (socket === null || lines.length === 0) return;
  const fd = kernel.connectUnix(socket, SOCK_DGRAM);
  try {
    kernel.sendmsg(fd, Buffer.from(`${lines.join('\n')}\n`), []);
  } finally {
    kernel.close(fd);
  }
}
