import type { MonitorRequest } from '../runtime/conmon.ts';
import type { ContainerContext } from './container-context.ts';

/** What conmon is told of a container, whoever makes its process. */
export function monitorRequest({
  parts,
  request,
  paths,
}: Pick<ContainerContext, 'parts' | 'request' | 'paths'>): Omit<MonitorRequest, 'systemdCgroup'> {
  return {
    id: request.id,
    name: request.name,
    bundle: paths.bundle,
    pidFile: paths.pidFile,
    monitorPidFile: paths.monitorPidFile,
    exitDirectory: parts.paths.exits,
    persistDirectory: paths.persist,
    logFile: paths.log,
    terminal: request.spec.tty === true,
    stdin: request.spec.stdin === true,
    scope: parts.monitors,
    exitCommand: parts.exitCommand === null ? null : [...parts.exitCommand, request.id],
  };
}
