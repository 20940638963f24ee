import type { Service } from '../api/service.ts';
import type { ServiceOptions } from '../arguments/service-options.ts';

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
