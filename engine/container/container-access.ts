import type { ContainerRequest } from '../../schemas/index.ts';
import type { ContainerAccess } from '../access.ts';
import { EngineError } from '../engine-error.ts';
import { connectAttach, streamAttached } from '../exec/attach-stream.ts';
import { listSessions } from '../exec/exec-sessions.ts';
import { MonitorControl } from '../exec/monitor-control.ts';
import { startExecSession } from '../exec/start-exec-session.ts';
import { hasErrno } from '../../native/index.ts';
import { listChanges, NOT_ITS_OWN } from './container-changes.ts';
import type { EngineParts } from './container-context.ts';
import { PREVIEW_STAGES } from './container-stages.ts';
import { listProcesses } from './container-processes.ts';
import { directorySize } from './directory-size.ts';
import { exportFilesystem } from './export-filesystem.ts';
import { observeContainer } from './observe-container.ts';
import { previewSpec } from './preview-spec.ts';
import { rotateLog } from './log-rotation.ts';

/** The verbs for looking into containers and working inside of them. */
export function createContainerAccess(parts: EngineParts): ContainerAccess {
  const pathsOf = (request: ContainerRequest) => parts.paths.container(request.id);
  const layersOf = async (request: ContainerRequest, verb: string): Promise<string[]> => {
    if (request.image !== null) return parts.images.layerPaths(request.image.id);
    throw new EngineError(
      'BAD_REQUEST',
      `${verb} container/${request.name}: its root is a directory of the host, not an image`,
    );
  };
  return {
    execSession: (request, options) => startExecSession(parts, request, options),
    execSessions: (request) => listSessions(pathsOf(request), request.id),
    async attach(request, streams) {
      // A monitor still listens for a moment after its container has ended.
      const { pid } = await observeContainer(parts, request);
      if (pid === null) throw notRunning('attach to', request);
      return streamAttached(parts.kernel, connect(parts, request), streams);
    },
    resize: (request, size) => withMonitor(parts, request, 'resize', (monitor) => monitor.resize(size)),
    reopenLog: (request) =>
      withMonitor(parts, request, 'reopen the log of', (monitor) => monitor.reopenLog()),
    rotateLog: (request, options) => rotateLog(pathsOf(request), options),
    async size(request) {
      const layers = request.image === null ? [] : await parts.images.layerPaths(request.image.id);
      const [ownBytes, ...sizes] = await Promise.all([pathsOf(request).upper, ...layers].map(directorySize));
      return { imageBytes: sizes.reduce((sum, bytes) => sum + bytes, 0), ownBytes: ownBytes ?? 0 };
    },
    async changes(request) {
      const lowers = (await layersOf(request, 'list changes of')).reverse();
      return listChanges(parts.kernel, { upper: pathsOf(request).upper, lowers, ignored: NOT_ITS_OWN });
    },
    exportFilesystem: (request, output) => exportFilesystem(parts, request, output),
    previewSpec: (request, given) => previewSpec(parts, request, PREVIEW_STAGES, given),
    async findImage(reference) {
      const found = await parts.images.find(reference);
      return found === null ? null : { reference, id: found.id };
    },
    processes: (request) => listProcesses(parts, request),
  };
}

function connect(parts: EngineParts, request: ContainerRequest): number {
  try {
    return connectAttach(parts.kernel, `${parts.paths.container(request.id).bundle}/attach`);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ECONNREFUSED')) throw error;
    throw notRunning('attach to', request, error);
  }
}

function notRunning(verb: string, { name }: ContainerRequest, cause?: unknown): EngineError {
  return new EngineError('BAD_REQUEST', `${verb} container/${name}: it is not running`, { cause });
}

async function withMonitor(
  parts: EngineParts,
  request: ContainerRequest,
  verb: string,
  action: (monitor: MonitorControl) => Promise<boolean>,
): Promise<void> {
  const { pid } = await observeContainer(parts, request);
  const monitor = pid === null ? null : await MonitorControl.open(parts.paths.container(request.id).bundle);
  if (monitor === null) throw notRunning(verb, request);
  try {
    await action(monitor);
  } finally {
    await monitor.close();
  }
}
