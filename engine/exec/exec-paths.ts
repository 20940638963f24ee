import path from 'node:path';
import type { ContainerPaths } from '../host-paths.ts';

/** What one session has below `<run>/containers/<id>/exec/<session>`; it goes with the bundle at the latest. */
export interface ExecPaths {
  /** Also the bundle of its monitor: `attach` and `ctl` are there. */
  readonly directory: string;
  readonly note: string;
  readonly processSpec: string;
  readonly pidFile: string;
  readonly monitorPidFile: string;
  /** conmon names the file in it after the container, so each session has a directory of its own. */
  readonly exits: string;
  readonly exitFile: string;
  readonly attach: string;
}

/** `<run>/containers/<id>/exec`: a directory for each session, and the pid files of probes. */
export function execDirectory(paths: ContainerPaths): string {
  return path.join(paths.bundle, 'exec');
}

export function execPaths(paths: ContainerPaths, containerId: string, sessionId: string): ExecPaths {
  const directory = path.join(execDirectory(paths), sessionId);
  const exits = path.join(directory, 'exits');
  return {
    directory,
    note: path.join(directory, 'session.json'),
    processSpec: path.join(directory, 'process.json'),
    pidFile: path.join(directory, 'pid'),
    monitorPidFile: path.join(directory, 'conmon.pid'),
    exits,
    exitFile: path.join(exits, containerId),
    attach: path.join(directory, 'attach'),
  };
}
