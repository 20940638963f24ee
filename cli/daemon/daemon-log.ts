import type { Logger } from 'pino';

/** The level is a word of pino's: `debug`, `info`, `warn`, `error`. */
export interface DaemonLogOptions {
  level: string;
  /** Null: standard error. */
  file: string | null;
}

/** Values that must not reach a log: what manifests say of environments and secrets. */
const SECRET = ['env[*].value', '*.env[*].value', 'spec.env[*].value', 'manifest.spec.env[*].value'];

/**
 * One JSON object a line, as pino writes them. To a file each line is written at once, so that a crash loses none; to a pipe or the journal
 * not, because a reader that stalls would stall the daemon: then lines are dropped instead.
 */
export async function openDaemonLog(options: DaemonLogOptions): Promise<{ log: Logger; close: () => void }> {
  const { pino, destination } = (await import('pino')).default;
  const stream =
    options.file === null
      ? destination({ dest: 2, sync: false, maxLength: 1_000_000 })
      : destination({ dest: options.file, sync: true, mkdir: true });
  const log = pino({ level: options.level, redact: SECRET, base: { pid: process.pid } }, stream);
  const reopen = (): void => {
    if (options.file !== null) stream.reopen();
  };
  // What logrotate sends after it has renamed the file.
  process.on('SIGHUP', reopen);
  return {
    log,
    close: () => {
      process.off('SIGHUP', reopen);
      stream.flushSync();
    },
  };
}
