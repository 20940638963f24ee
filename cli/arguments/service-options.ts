import { join } from 'node:path';

/** Where this instance of tsctr lives. */
export interface ServiceOptions {
  /** Durable state: --root. */
  root: string;
  /** What is gone after a reboot: --run. */
  run: string;
  /** The configuration file: --config. */
  config: string;
}

/** The daemon's socket, below the run directory. */
export function socketPathOf(run: string): string {
  return join(run, 'tsctr.sock');
}
