import { containerCgroup } from '../cgroup/cgroup-path.ts';
import { setFrozen } from '../cgroup/freezer.ts';
import { checkpointContainer } from '../checkpoint/dump/checkpoint-container.ts';
import { removeTemporaries } from '../checkpoint/archive/archive-output.ts';
import { removeArchive } from '../checkpoint/archive/remove-archive.ts';
import { publicSigningKey } from '../checkpoint/archive/signing-key.ts';
import { discardCheckpoint } from '../checkpoint/kept/discard-checkpoint.ts';
import { exportCheckpoint } from '../checkpoint/archive/export-checkpoint.ts';
import { settleCheckpoint } from '../checkpoint/kept/keep-checkpoint.ts';
import {
  checkpointDirectory,
  discardOutrun,
  findKept,
  listKept,
} from '../checkpoint/kept/kept-checkpoints.ts';
import { isParked } from '../checkpoint/parked-runtime.ts';
import { watchPages } from '../checkpoint/dump/watch-pages.ts';
import { checkCheckpoint } from '../checkpoint/preflight/check-checkpoint.ts';
import { restoreContainer } from '../checkpoint/restore/restore-container.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { ContainerEngine } from '../contract/container-engine.ts';
import { EngineError } from '../engine-error.ts';
import { readPidFile } from '../process/pid-file.ts';
import { buildResources } from '../spec/resources.ts';
import { goDown, goUp } from '../stage.ts';
import type { StageList } from '../stage.ts';
import { completeNames, updateNameservers } from './complete-names.ts';
import { createContext } from './container-context.ts';
import type { ContainerContext, EngineParts } from './container-context.ts';
import { readProcess } from './container-process.ts';
import { BUNDLE_STAGES, CONTAINER_STAGES, PARKED_STAGES } from './container-stages.ts';
import { execInContainer } from './exec-in-container.ts';
import { readHostLimits } from './gather-spec-input.ts';
import { notifyHealthy, notifyStarted } from './notify-socket.ts';
import { observeContainer } from './observe-container.ts';
import { refreshData } from './refresh-data.ts';
import { RemovalGate, removeContainerStorage } from './remove-container.ts';
import { signalContainer, stopContainer, waitForExit } from './stop-container.ts';

/** The verbs for one container. */
export function createContainerEngine(parts: EngineParts): ContainerEngine {
  const cgroupOf = (request: Parameters<ContainerEngine['pause']>[0]): string =>
    containerCgroup(parts.cgroupOwner, request);
  const removals = new RemovalGate();
  const comeDown = (request: ContainerRequest, stages: StageList<ContainerContext>): Promise<void> =>
    goDown(stages, createContext(parts, request), {
      operation: `clean up container/${request.name}`,
      observe: parts.observeEffect,
    });
  const engine: ContainerEngine = {
    async create(request, options = {}) {
      removals.refuse(request, 'create');
      const { status } = await observeContainer(parts, request);
      if (status === 'created') return;
      if (status === 'running' || status === 'paused') {
        // The stages would take the directories away under its feet.
        throw new EngineError('BAD_REQUEST', `create container/${request.name}: it is ${status}`);
      }
      // An earlier run that nobody has cleaned up: the runtime would not have a second one of that id.
      if (status === 'stopped') await engine.cleanup(request);
      await goUp(CONTAINER_STAGES, createContext(parts, request), {
        operation: `create container/${request.name}`,
        observe: parts.observeEffect,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    },
    async start(request) {
      const observation = await observeContainer(parts, request);
      if (observation.status === 'created') {
        await completeNames(parts, request, observation.pid);
        parts.observeEffect('runtime-start', 'before');
        await parts.runtime.start(request.id);
        parts.observeEffect('runtime-start', 'after');
        const { monitorPidFile } = parts.paths.container(request.id);
        notifyStarted(parts.kernel, request, await readPidFile(monitorPidFile));
        await discardOutrun(parts, parts.paths.container(request.id));
      }
      const identity = await readProcess(parts.paths.container(request.id));
      return { pid: identity?.pid ?? observation.pid ?? 0 };
    },
    notifyHealthy(request) {
      notifyHealthy(parts.kernel, request);
      return Promise.resolve();
    },
    async stop(request, options) {
      parts.observeEffect('runtime-stop', 'before');
      await stopContainer(parts, request, options);
      parts.observeEffect('runtime-stop', 'after');
    },
    signal: (request, signal) => signalContainer(parts, request, signal),
    pause: (request) => setFrozen(parts.cgroupLayout, cgroupOf(request), true),
    resume: (request) => setFrozen(parts.cgroupLayout, cgroupOf(request), false),
    async update(request) {
      const limits = readHostLimits(parts.cgroupLayout);
      await parts.runtime.update(request.id, buildResources({ request, host: parts.facts, limits }));
      await updateNameservers(parts, request);
      await refreshData(parts, request);
    },
    cleanup: (request) => comeDown(request, isParked(parts, request) ? PARKED_STAGES : CONTAINER_STAGES),
    remove: (request) =>
      removals.during(request, async () => {
        await comeDown(request, CONTAINER_STAGES);
        parts.observeEffect('container-storage.remove', 'before');
        await removeContainerStorage(parts, request);
        parts.observeEffect('container-storage.remove', 'after');
      }),
    observe: (request) => observeContainer(parts, request),
    waitExit: (request, options) => waitForExit(parts, request, options),
    async watchExits(onExit) {
      const unsubscribe = await parts.exits.subscribe(onExit);
      return () => {
        unsubscribe();
        return Promise.resolve();
      };
    },
    logPaths(request) {
      const paths = parts.paths.container(request.id);
      return { current: paths.log, previous: paths.previousLog };
    },
    exec: (request, options) => execInContainer(parts, request, options),
    checkpoint: (request, options) =>
      watchPages(parts, request, options.onProgress, () =>
        checkpointContainer(parts, request, options, { cleanup: () => engine.cleanup(request) }),
      ),
    restore(request, options = {}) {
      removals.refuse(request, 'restore');
      return restoreContainer(parts, request, options, {
        preparation: BUNDLE_STAGES,
        cleanup: () => engine.cleanup(request),
      });
    },
    exportCheckpoint: (request, options) => exportCheckpoint(parts, request, options),
    settleExport: (_request, file) => removeTemporaries(file),
    removeArchive,
    archiveKey: () => publicSigningKey(parts.paths.root),
    findCheckpoint: (request, id) => findKept(parts.paths.container(request.id), id),
    listCheckpoints: (request) => listKept(parts.paths.container(request.id)),
    checkCheckpoint: (request, allowances) => checkCheckpoint(parts, request, allowances),
    async removeCheckpoint(request, id) {
      const paths = parts.paths.container(request.id);
      await discardCheckpoint(parts, checkpointDirectory(paths, id));
      if (isParked(parts, request) && (await findKept(paths)) === null)
        await comeDown(request, CONTAINER_STAGES);
    },
    settleCheckpoint: (request) => settleCheckpoint(parts, request),
  };
  return engine;
}
