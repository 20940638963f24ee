import { existsSync } from 'node:fs';
import type { ContainerRequest } from '../../schemas/index.ts';
import { containerCgroup } from '../cgroup/cgroup-path.ts';
import { isFrozen } from '../cgroup/freezer.ts';
import type { ContainerObservation } from '../contract/container-engine.ts';
import { isAlive, readStartTicks } from '../process/process-identity.ts';
import { readPidFile } from '../process/pid-file.ts';
import type { EngineParts } from './container-context.ts';
import { readProcess } from './container-process.ts';
import { readExit } from './exit-file.ts';

/** Reads what the host says of a container: files of /run and /proc, no process is started. */
export async function observeContainer(
  parts: EngineParts,
  request: ContainerRequest,
): Promise<ContainerObservation> {
  const paths = parts.paths.container(request.id);
  if (!existsSync(paths.bundle)) return { status: 'absent', pid: null, exit: null, monitorAlive: false };
  const identity = await readProcess(paths);
  if (identity === null) return { status: 'prepared', pid: null, exit: null, monitorAlive: false };
  const monitorPid = await readPidFile(paths.monitorPidFile);
  const monitorAlive = monitorPid !== null && (await readStartTicks(monitorPid)) !== null;
  if (!(await isAlive(identity, parts.facts.bootId))) {
    const hasRun = !parts.runtime.isCreated(request.id);
    return { status: 'stopped', pid: null, exit: await readExit(paths), monitorAlive, hasRun };
  }
  const base = { pid: identity.pid, exit: null, monitorAlive };
  if (parts.runtime.isCreated(request.id)) return { status: 'created', ...base };
  const frozen = isFrozen(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request));
  return { status: frozen ? 'paused' : 'running', ...base };
}
