import type { ContainerRequest } from '../../schemas/index.ts';
import { createContext } from '../container/container-context.ts';
import type { ContainerContext, EngineParts } from '../container/container-context.ts';
import { observeContainer } from '../container/observe-container.ts';
import { cgroupYard } from '../criu/cgroup-yard.ts';
import { CriuProgram } from '../criu/features.ts';
import type { RestoreOptions, RestoreResult } from '../engine.ts';
import { EngineError } from '../engine-error.ts';
import { goUp } from '../stage.ts';
import type { Stage, StageList } from '../stage.ts';
import { CHECKPOINT_TIMEOUT_MS } from './checkpoint-container.ts';
import { readCheckpointRecord } from './checkpoint-record.ts';
import { settleCheckpoint } from './keep-checkpoint.ts';
import { discardOutrun, findKept } from './kept-checkpoints.ts';
import { restoredContainer } from './restored-container.ts';
import type { RestoreJob } from './restored-container.ts';
import { restoreFiles, restoreUpper } from './saved-files.ts';
import { startStopwatch } from './stopwatch.ts';

/** What a restore has in common with the other verbs. */
export interface RestoreSurroundings {
  /** The stages of a creation but for the last one, which has the runtime create the container. */
  preparation: StageList<ContainerContext>;
  /** Takes away what an earlier run has left. */
  cleanup: () => Promise<void>;
}

/** Brings a container back from a checkpoint. On failure everything is taken back, and the checkpoint is kept. */
export async function restoreContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: RestoreOptions,
  { preparation, cleanup }: RestoreSurroundings,
): Promise<RestoreResult> {
  const operation = `restore container/${request.name}`;
  const watch = startStopwatch();
  const criu = new CriuProgram(parts.kernel, parts.facts.tools.criu, parts.paths.run);
  await criu.requireMinimum();
  await settleCheckpoint(parts, request);
  const { status } = await observeContainer(parts, request);
  if (status === 'running' || status === 'paused' || status === 'created') {
    throw new EngineError('BAD_REQUEST', `${operation}: it is ${status}, expected it not to be there`);
  }
  const context: ContainerContext = { ...createContext(parts, request), continuesLog: true };
  const { paths } = context;
  const kept = options.from === undefined ? await findKept(paths, options.checkpoint) : null;
  const directory = options.from ?? kept?.directory ?? paths.checkpoints;
  const record = await readCheckpointRecord(directory);
  if (record === null) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: a complete checkpoint cannot be found in ${directory}`,
    );
  }
  const job: RestoreJob = {
    operation,
    criu: criu.path,
    // A CRIU with mounts of its own cannot mount the hierarchies in a directory that it got as a descriptor of ours.
    knowledge: cgroupYard(parts.cgroupLayout) === null ? null : criu.knowledge(parts.facts.bootId).file,
    directory,
    record,
    allowances: options.allowances ?? record.allowances,
    timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
    signal: options.signal,
    watch,
    pid: 0,
    statistics: null,
  };
  if (status !== 'absent') await cleanup();
  await goUp(restoreStages(preparation, job), context, {
    operation,
    observe: parts.observeEffect,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // From here the files go their way: what has no copy of them cannot be restored a second time.
  await discardOutrun(parts, paths);
  watch.lap('finish');
  return { pid: job.pid, statistics: job.statistics, durationsMs: watch.durationsMs() };
}

function restoreStages(
  preparation: StageList<ContainerContext>,
  job: RestoreJob,
): StageList<ContainerContext> {
  const [first, ...others] = preparation;
  const [savedUpper, savedFiles] = savedStages(job);
  return [...(first === undefined ? [] : [first]), savedUpper, ...others, savedFiles, restoredContainer(job)];
}

/** What was saved beside the images, each before what needs it; undone by the stages that made its places. */
function savedStages({ directory }: RestoreJob): [Stage<ContainerContext>, Stage<ContainerContext>] {
  const nothing = (): Promise<void> => Promise.resolve();
  return [
    { name: 'saved-upper', up: (context) => restoreUpper(context, directory), down: nothing },
    { name: 'saved-files', up: (context) => restoreFiles(context, directory), down: nothing },
  ];
}
