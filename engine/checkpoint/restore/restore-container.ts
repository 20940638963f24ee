import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import type { CheckpointEnvironment, ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import { promptMove } from '../../cgroup/prompt-move.ts';
import { createContext, rootfsPath } from '../../container/container-context.ts';
import type { ContainerContext, EngineParts } from '../../container/container-context.ts';
import { observeContainer } from '../../container/observe-container.ts';
import { cgroupYard } from '../../criu/cgroup-yard.ts';
import { CriuProgram, formatCriuVersion } from '../../criu/features.ts';
import { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import { openImageDirectory } from '../../criu/image/directory-images.ts';
import type { RestoreOptions, RestoreResult } from '../../contract/checkpoint-options.ts';
import { EngineError } from '../../engine-error.ts';
import { goUp } from '../../stage.ts';
import type { Stage, StageList } from '../../stage.ts';
import { applyRootfsChanges } from '../archive/apply-archive.ts';
import { setArchivedHostname } from './archived-hostname.ts';
import { discardImported, openArchivedSource } from './archived-source.ts';
import type { ArchivedSource } from './archived-source.ts';
import { fillVolumes, keepVolumes, takeBackVolumes } from './archived-volumes.ts';
import { checkRights } from './check-rights.ts';
import { CHECKPOINT_TIMEOUT_MS } from '../dump/checkpoint-job.ts';
import { CHECKPOINT_FILES, readCheckpointRecord } from '../kept/checkpoint-record.ts';
import { settleCheckpoint } from '../kept/keep-checkpoint.ts';
import { findKept, letConnectionsGo, retireOutrun } from '../kept/kept-checkpoints.ts';
import { isMemoryToCome, lazyPagesFindings } from './lazy-memory.ts';
import { passGate, refuse } from './pass-gate.ts';
import { restoredContainer, waitingLauncher } from './restored-container.ts';
import type { RestoreJob } from './restored-container.ts';
import { restoreFiles, restoreUpper } from '../saved-files.ts';
import { forgetUpperAside, putUpperBack, setUpperAside } from './upper-aside.ts';
import { startStopwatch } from '../stopwatch.ts';
import { readAtOnce } from '../../read-at-once.ts';

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
  // CRIU is put into the container's cgroups as soon as that is prepared.
  void promptMove(parts.cgroupLayout);
  await settleCheckpoint(parts, request);
  const { status } = await observeContainer(parts, request);
  if (status === 'running' || status === 'paused' || status === 'created') {
    throw new EngineError('BAD_REQUEST', `${operation}: it is ${status}, expected it not to be there`);
  }
  const context: ContainerContext = { ...createContext(parts, request), continuesLog: true };
  const version = formatCriuVersion(await criu.requireMinimum());
  const { lazyPages: isLazy = false } = options;
  if (isLazy) refuse(operation, await lazyPagesFindings(criu, request));
  const archive =
    options.image === undefined ? options.archive : await parts.images.checkpointArchive(options.image);
  const archived =
    archive === undefined
      ? null
      : await openArchivedSource(context, archive, { operation, criu: version, options });
  try {
    const { paths } = context;
    const isKept = archived === null && options.from === undefined;
    const kept = isKept ? await findKept(paths, options.checkpoint) : null;
    const directory = archived?.directory ?? options.from ?? kept?.directory ?? paths.checkpoints;
    const record = await readCheckpointRecord(directory);
    if (record === null) {
      throw new EngineError(
        'CHECKPOINT_INCOMPLETE',
        `${operation}: a complete checkpoint cannot be found in ${directory}`,
      );
    }
    const environment = archived?.environment ?? (await readEnvironment(directory));
    if (environment !== null) {
      const { ignore = [] } = options;
      const question = { operation, request, environment, criu: version, ignore };
      await passGate(parts, { ...question, findings: archived?.findings ?? [] });
    }
    if (archived !== null) watch.lap('import');
    // What came out of an archive goes with its last page, and so does what cannot be restored again.
    const isForOnce = archived !== null || kept?.repeatable === false;
    const job: RestoreJob = {
      operation,
      criu: criu.path,
      // A CRIU with mounts of its own cannot mount the hierarchies in a directory that it got as a descriptor of ours.
      knowledge: cgroupYard(parts.cgroupLayout) === null ? null : criu.knowledge(parts.facts.bootId).file,
      directory,
      isArchived: archived !== null,
      record,
      allowances: options.allowances ?? record.allowances,
      lazy: isLazy ? { discardedDirectory: isForOnce ? directory : null, pages: null } : null,
      timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
      signal: options.signal,
      watch,
      launcher: null,
      pid: 0,
      statistics: null,
      verified: null,
    };
    if (status !== 'absent') await cleanup();
    return await carryOut(context, job, { preparation, archived });
  } finally {
    if (archived !== null && !(await isMemoryToCome(parts.kernel, context.paths))) {
      await discardImported(context);
    }
  }
}

async function carryOut(
  context: ContainerContext,
  job: RestoreJob,
  plan: Pick<RestoreSurroundings, 'preparation'> & { archived: ArchivedSource | null },
): Promise<RestoreResult> {
  const { parts, paths } = context;
  const { directory, watch, lazy } = job;
  try {
    await bringUp(context, job, plan);
    await forgetUpperAside(parts.kernel, paths);
    await letConnectionsGo(parts, paths, directory);
    // From here the files go their way: what has no copy of them cannot be restored a second time.
    await retireOutrun(parts, paths, lazy === null ? null : directory);
    lazy?.pages?.letGo();
  } finally {
    lazy?.pages?.close();
  }
  watch.lap('finish');
  return { pid: job.pid, statistics: job.statistics, durationsMs: watch.durationsMs() };
}

async function bringUp(
  context: ContainerContext,
  job: RestoreJob,
  { preparation, archived }: Pick<RestoreSurroundings, 'preparation'> & { archived: ArchivedSource | null },
): Promise<void> {
  try {
    await goUp(restoreStages(preparation, job, archived), context, {
      operation: job.operation,
      observe: context.parts.observeEffect,
      ...(job.signal === undefined ? {} : { signal: job.signal }),
    });
  } catch (error) {
    if (archived !== null) await takeBackVolumes(context, archived.volumes);
    throw error;
  }
  if (archived !== null) await keepVolumes(context);
}

async function readEnvironment(directory: string): Promise<CheckpointEnvironment | null> {
  try {
    // What is kept here is our own word.
    const text = await readAtOnce(path.join(directory, CHECKPOINT_FILES.environment));
    return JSON.parse(text) as CheckpointEnvironment;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function restoreStages(
  preparation: StageList<ContainerContext>,
  job: RestoreJob,
  archived: ArchivedSource | null,
): StageList<ContainerContext> {
  const [first, ...others] = preparation;
  const [savedUpper, savedFiles] = archived === null ? savedStages(job) : archivedStages(job, archived);
  return [
    ...(first === undefined ? [] : [first]),
    [savedUpper, waitingLauncher(job)],
    ...others,
    savedFiles,
    restoredContainer(job),
  ];
}

const nothing = (): Promise<void> => Promise.resolve();

/** What was saved beside the images, each before what needs it; undone by the stages that made its places. */
function savedStages({ directory }: RestoreJob): [Stage<ContainerContext>, Stage<ContainerContext>] {
  return [
    {
      name: 'saved-upper',
      up: (context) => restoreUpper(context, directory),
      down: ({ parts, paths }) => putUpperBack(parts.kernel, paths),
    },
    { name: 'saved-files', up: (context) => restoreFiles(context, directory), down: nothing },
  ];
}

/** The same for an archive: an empty layer first, and then on the mounted root all that the archive says. */
function archivedStages(
  { directory, operation }: RestoreJob,
  { volumes }: ArchivedSource,
): [Stage<ContainerContext>, Stage<ContainerContext>] {
  return [
    {
      name: 'saved-upper',
      up: ({ parts, paths }) => setUpperAside(parts.kernel, paths),
      down: ({ parts, paths }) => putUpperBack(parts.kernel, paths),
    },
    {
      name: 'saved-files',
      async up(context) {
        const { kernel } = context.parts;
        const imagesDirectory = path.join(directory, CHECKPOINT_FILES.images);
        const images = new CheckpointImages(await openImageDirectory(imagesDirectory));
        const spec = JSON.parse(await readAtOnce(context.paths.config)) as OciSpec;
        refuse(operation, await checkRights(images, spec));
        await setArchivedHostname(imagesDirectory, images, context.request);
        await applyRootfsChanges(kernel, directory, rootfsPath(context), { operation });
        await fillVolumes(context, volumes, operation);
        await restoreFiles(context, directory);
      },
      down: nothing,
    },
  ];
}
