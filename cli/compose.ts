import { join } from 'node:path';
import type { Service } from './api/service.ts';

/** Where this instance of tsctr lives. */
export interface ServiceOptions {
  /** Durable state: --root. */
  root: string;
  /** What is gone after a reboot: --run. */
  run: string;
  /** The configuration file: --config. */
  config: string;
}

export interface DaemonOptions extends ServiceOptions {
  /** Directory of manifests to follow. */
  manifests: string;
  log: DaemonLog;
}

/** As much of a pino logger as the daemon's parts use. */
export interface DaemonLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface DaemonHandle {
  /** What the socket serves. */
  service: Service;
  /** False when the loop is stuck: systemd's watchdog is then no longer fed. */
  healthy(): boolean;
  /** One line for `systemctl status`: `12 containers, 12 as wished`. */
  status(): string;
  /** Stops the loop; the containers go on. */
  close(): Promise<void>;
}

/** The daemon's socket, below the run directory. */
export function socketPathOf(run: string): string {
  return join(run, 'tsctr.sock');
}

/** The service: the daemon's when it answers, else one in this process, which takes the lock when it first writes. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { connectDaemon } = await import('./api/client.ts');
  const remote = await connectDaemon(socketPathOf(options.run), options.root);
  if (remote !== null) return remote;
  const { openLocalService } = await import('./local/open-local-service.ts');
  return openLocalService(options);
}

/** Takes the lock and starts the loop. */
export async function openDaemon(options: DaemonOptions): Promise<DaemonHandle> {
  const { startDaemon } = await import('./local/start-daemon.ts');
  return startDaemon(options);
}

/** Called by conmon's exit command when no daemon runs: handles the exit of one container. */
export async function cleanupContainer(options: ServiceOptions, id: string): Promise<void> {
  const { handleExit } = await import('./local/handle-exit.ts');
  await handleExit(options, id);
}
