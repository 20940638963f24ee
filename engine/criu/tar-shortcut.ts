import { mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { nativeProgram } from '../../native/index.ts';
import { ownEnvironment } from '../process/run-command.ts';

/**
 * The directory that is to stand first in CRIU's PATH: the `tar` in it saves a tmpfs with little in it, of which a container has at
 * least four, at a tenth of the cost of tar, shell and gzip, and leaves all others to the tar behind it.
 */
export function tarShortcut(run: string): string {
  const directory = path.join(run, 'criu-path');
  const link = path.join(directory, 'tar');
  const program = nativeProgram('tsctr-tar');
  if (targetOf(link) === program) return directory;
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const temporary = `${link}.${String(process.pid)}`;
  symlinkSync(program, temporary);
  renameSync(temporary, link);
  return directory;
}

/** What every CRIU gets. */
export function criuEnvironment(shortcut: string | null, preload: string | null): Record<string, string> {
  const environment = ownEnvironment();
  return {
    ...environment,
    ...(shortcut === null ? {} : { PATH: `${shortcut}:${environment['PATH'] ?? ''}` }),
    ...(preload === null ? {} : { LD_PRELOAD: preload }),
  };
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
