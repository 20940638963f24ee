import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../schemas/index.ts';
import { containerCgroup } from '../cgroup/cgroup-path.ts';
import { setFrozen } from '../cgroup/freezer.ts';
import { createContext } from '../container/container-context.ts';
import type { ContainerContext, EngineParts } from '../container/container-context.ts';
import { awaitExitFile } from '../container/exit-file.ts';
import { observeContainer } from '../container/observe-container.ts';
import { dump, startDump } from '../criu/dump.ts';
import type { CriuNotifyHandlers } from '../criu/criu-notify.ts';
import { CriuProgram, formatCriuVersion } from '../criu/features.ts';
import type { CriuVersion } from '../criu/features.ts';
import { tarShortcut } from '../criu/tar-shortcut.ts';
import type { CheckpointOptions, CheckpointResult } from '../contract/checkpoint-options.ts';
import { EngineError } from '../engine-error.ts';
import { CHECKPOINT_FILES, writeCheckpointRecord } from './checkpoint-record.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import { describeDump, saveDescriptors } from './dump-container.ts';
import type { ContainerDump } from './dump-container.ts';
import { discardCheckpoint } from './discard-checkpoint.ts';
import { keepCheckpoint, settleCheckpoint, markInterruptible } from './keep-checkpoint.ts';
import { discardOutrun, keepByPolicy, nextId } from './kept-checkpoints.ts';
import { measureSizes } from './measure-sizes.ts';
import { noteSurroundings } from './note-surroundings.ts';
import { parkRuntime } from './parked-runtime.ts';
import type { ParkedRuntime } from './parked-runtime.ts';
import { makePreDumps, parentOfDump, requireMemoryTracking } from './pre-dumps.ts';
import { requireRoom } from './require-room.ts';
import { saveFiles, saveVolumes } from './saved-files.ts';
import { DEFAULT_RETRIES, planRetry } from './retry-checkpoint.ts';
import { findStoppedProcesses } from './stopped-processes.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Stopwatch } from './stopwatch.ts';
import { syncTree } from './sync-tree.ts';

export const CHECKPOINT_TIMEOUT_MS = 600_000;

/** Saves the container as its kept checkpoint. On failure it goes on as before and nothing half-written is left. */
export async function checkpointContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: CheckpointOptions,
): Promise<CheckpointResult> {
  const operation = `checkpoint container/${request.name}`;
  const watch = startStopwatch();
  const criu = new CriuProgram(parts.kernel, parts.facts.tools.criu, parts.paths.run);
  const version = await criu.requireMinimum();
  await requireMemoryTracking(criu, options.preDumps ?? 0, operation);
  await settleCheckpoint(parts, request);
  const { status, pid } = await observeContainer(parts, request);
  if ((status !== 'running' && status !== 'paused') || pid === null) {
    throw new EngineError('BAD_REQUEST', `${operation}: it is ${status}, expected running or paused`);
  }
  const context = createContext(parts, request);
  await requireRoom(context, options.archive ?? null, operation);
  const id = await nextId(context.paths, options.id);
  let job: CheckpointJob = {
    context,
    id,
    operation,
    options,
    pid,
    wasPaused: status === 'paused',
    version,
    watch,
  };
  for (;;) {
    try {
      await makeCheckpoint(job, criu);
      break;
    } catch (error) {
      await discardCheckpoint(parts, context.paths.newCheckpoint);
      const given = job.options.allowances ?? {};
      const retry = planRetry(error, given, options.retryWith ?? DEFAULT_RETRIES);
      if (retry === null) throw error;
      const names = Object.keys(retry.allowances).join(', ');
      parts.notice?.(request.name, `${retry.explanation}; its checkpoint is tried again with ${names}`);
      // Each try allows something that was not said before, so they come to an end.
      job = { ...job, options: { ...job.options, allowances: { ...given, ...retry.allowances } } };
    }
  }
  parts.observeEffect('checkpoint.retention', 'before');
  const kept = await keepByPolicy(parts, context.paths, options.retention ?? { keep: 1 });
  parts.observeEffect('checkpoint.retention', 'after');
  watch.lap('keep');
  const [details] = kept;
  if (details?.id !== id)
    throw new EngineError('CHECKPOINT_INCOMPLETE', `${operation}: the images are not complete`);
  return { details, kept, durationsMs: watch.durationsMs() };
}

interface Learning {
  learn: () => Promise<void>;
}

interface CheckpointJob {
  context: ContainerContext;
  id: number;
  operation: string;
  options: CheckpointOptions;
  pid: number;
  wasPaused: boolean;
  version: CriuVersion;
  watch: Stopwatch;
}

async function makeCheckpoint(job: CheckpointJob, criu: CriuProgram): Promise<void> {
  const { context, pid, options, watch } = job;
  const { paths, parts, request } = context;
  const directory = paths.newCheckpoint;
  await discardCheckpoint(parts, directory);
  await mkdir(path.join(directory, CHECKPOINT_FILES.images), { recursive: true, mode: 0o700 });
  await copyMemory(job, criu);
  const knowledge = criu.knowledge(parts.facts.bootId);
  const process = startDump(parts.kernel, criu.path, {
    knowledge: knowledge.file,
    shortcut: tarShortcut(parts.paths.run),
  });
  let runtime: ParkedRuntime;
  try {
    await markInterruptible(directory, {
      criuPid: process.pid,
      wasPaused: job.wasPaused,
      bootId: parts.facts.bootId,
      id: job.id,
    });
    const description = await describeDump(context, { pid, directory, allowances: options.allowances ?? {} });
    runtime = description.runtime;
    await saveDescriptors(pid, directory);
    await noteSurroundings(context, { directory, criu: formatCriuVersion(job.version) });
    watch.lap('prepare');
    await dumpFrozen(job, process, { ...description, learn: () => knowledge.learnFrom(process.pid) });
  } finally {
    await process.end();
  }
  const exits = options.then === 'stop' ? awaitExitFile(request.id, paths, parts.exits) : null;
  parts.observeEffect('checkpoint.keep', 'before');
  await Promise.all([syncTree(parts.kernel, directory), exits]);
  watch.lap('sync');
  // The container has gone on since those were made that need its files as they were.
  await discardOutrun(parts, paths);
  await keepCheckpoint(parts, request, job.id);
  if (options.then === 'stop') await parkRuntime(context, runtime);
  parts.observeEffect('checkpoint.keep', 'after');
  watch.lap('keep');
}

/** What is paused changes no memory: to copy it before would be of no use. */
function preDumpsOf({ options, wasPaused }: CheckpointJob): number {
  return wasPaused ? 0 : (options.preDumps ?? 0);
}

/** Copies memory while the container still goes on, where that is asked for. */
async function copyMemory(job: CheckpointJob, criu: CriuProgram): Promise<void> {
  const count = preDumpsOf(job);
  if (count === 0) return;
  const { context, pid, options, operation, watch } = job;
  const { parts, paths } = context;
  const directory = paths.newCheckpoint;
  const { allowances = {} } = options;
  const { dump: container } = await describeDump(context, { pid, directory, allowances });
  await makePreDumps(parts, criu, {
    directory,
    count,
    mark: { wasPaused: false, bootId: parts.facts.bootId, id: job.id },
    dump: {
      ...container,
      operation,
      allowances,
      handlers: {},
      timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
    onLap: () => {
      watch.lap('pre-dump');
    },
  });
}

/** The processes stand still from here to the end of the dump; those that are to go on go on, whatever happens. */
async function dumpFrozen(
  job: CheckpointJob,
  process: ReturnType<typeof startDump>,
  description: ContainerDump & Learning,
): Promise<void> {
  const { context, operation, options, watch } = job;
  const { parts, request } = context;
  const cgroup = containerCgroup(parts.cgroupOwner, request);
  const thaw = async (): Promise<void> => {
    if (job.wasPaused || options.then === 'stop') return;
    await setFrozen(parts.cgroupLayout, cgroup, false);
  };
  const canBeFrozen = await mayFreeze(job, cgroup);
  const parentImages = parentOfDump(preDumpsOf(job));
  let failed = true;
  try {
    if (!job.wasPaused && canBeFrozen) await setFrozen(parts.cgroupLayout, cgroup, true);
    watch.lap('freeze');
    parts.observeEffect('checkpoint.dump', 'before');
    const statistics = await dump(parts.kernel, process, {
      ...description.dump,
      // Without it CRIU stops the processes one by one.
      freezerDirectory: canBeFrozen ? description.dump.freezerDirectory : null,
      operation,
      ...(parentImages === null ? {} : { parentImages }),
      leaveRunning: options.then === 'leave-running',
      allowances: options.allowances ?? {},
      handlers: dumpHandlers(job, description),
      observe: parts.observeEffect,
      timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    failed = false;
    parts.observeEffect('checkpoint.dump', 'after');
    watch.lap('dump');
    await thaw();
    await writeCheckpointRecord(context.paths.newCheckpoint, await makeRecord(job, description, statistics));
  } finally {
    if (failed && !job.wasPaused) await setFrozen(parts.cgroupLayout, cgroup, false).catch(() => undefined);
  }
}

async function mayFreeze({ context, operation, wasPaused }: CheckpointJob, cgroup: string): Promise<boolean> {
  const [stopped] = await findStoppedProcesses(context.parts.cgroupLayout, cgroup);
  if (stopped === undefined) return true;
  if (!wasPaused) return false;
  throw new EngineError(
    'BAD_REQUEST',
    `${operation}: it is paused, and its process ${String(stopped)} is stopped by a signal besides, which CRIU cannot save`,
    { hint: 'resume the container first' },
  );
}

/** Who goes on changes the files at once; else they stay where they are until the restore. */
function isWithFiles({ then, repeatable = false }: CheckpointOptions): boolean {
  return then === 'leave-running' || repeatable;
}

function dumpHandlers(job: CheckpointJob, description: ContainerDump & Learning): CriuNotifyHandlers {
  const { context, options, watch } = job;
  const directory = context.paths.newCheckpoint;
  return {
    'pre-dump': description.learn,
    // The images are complete and the processes stand still; an error lets them go on.
    'post-dump': async () => {
      watch.lap('dump');
      await saveFiles(context, directory, { withLayer: isWithFiles(options) });
      if (options.then === 'leave-running' && options.archive !== undefined) {
        await saveVolumes(context, directory, options.archive);
      }
      // Already here, so that a crash of ours while CRIU ends the processes loses nothing.
      await writeCheckpointRecord(directory, await makeRecord(job, description, null));
      watch.lap('files');
    },
  };
}

async function makeRecord(
  job: CheckpointJob,
  description: ContainerDump,
  statistics: CheckpointRecord['statistics'],
): Promise<CheckpointRecord> {
  const { context, options } = job;
  const { facts } = context.parts;
  return {
    version: 1,
    createdAt: new Date().toISOString(),
    leftRunning: options.then === 'leave-running',
    repeatable: isWithFiles(options),
    ...(options.pin === true ? { pinned: true } : {}),
    allowances: options.allowances ?? {},
    statistics,
    sizes: await measureSizes(context.paths.newCheckpoint),
    host: {
      kernel: facts.kernel,
      architecture: facts.architecture,
      cgroups: facts.cgroups,
      bootId: facts.bootId,
      criu: formatCriuVersion(job.version),
      runtime: `${facts.runtime.name} ${facts.runtime.version}`,
    },
    imageId: context.request.image?.id ?? null,
    externalMounts: description.dump.externalMounts,
    networkNamespace: description.networkNamespace,
  };
}
