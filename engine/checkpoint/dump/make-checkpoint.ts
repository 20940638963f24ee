import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { awaitExitFile } from '../../container/exit-file.ts';
import { startDump } from '../../criu/dump.ts';
import { formatCriuVersion } from '../../criu/features.ts';
import type { CriuProgram } from '../../criu/features.ts';
import { tarShortcut } from '../../criu/tar-shortcut.ts';
import { CHECKPOINT_TIMEOUT_MS, preDumpsOf } from './checkpoint-job.ts';
import type { CheckpointJob } from './checkpoint-job.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { discardCheckpoint } from '../kept/discard-checkpoint.ts';
import { describeDump, saveDescriptors } from './dump-container.ts';
import type { ContainerDump } from './dump-container.ts';
import { dumpFrozen } from './dump-frozen.ts';
import { keepCheckpoint, markInterruptible } from '../kept/keep-checkpoint.ts';
import { discardOutrun } from '../kept/kept-checkpoints.ts';
import { noteSurroundings } from './note-surroundings.ts';
import { parkRuntime } from '../parked-runtime.ts';
import type { ParkedRuntime } from '../parked-runtime.ts';
import { makePreDumps } from './pre-dumps.ts';
import { sideBySide } from '../../side-by-side.ts';
import { syncTree } from './sync-tree.ts';
import { writeBackMeanwhile } from './write-back.ts';

/** Makes the images and all that belongs to them, and puts them among the kept checkpoints. */
export async function makeCheckpoint(job: CheckpointJob, criu: CriuProgram): Promise<void> {
  const { context, options, watch } = job;
  const { paths, parts, request } = context;
  const directory = paths.newCheckpoint;
  await discardCheckpoint(parts, directory);
  mkdirSync(path.join(directory, CHECKPOINT_FILES.images), { recursive: true, mode: 0o700 });
  await copyMemory(job, criu);
  const knowledge = criu.knowledge(parts.facts.bootId);
  const process = startDump(parts.kernel, criu.path, {
    knowledge: knowledge.file,
    shortcut: tarShortcut(parts.paths.run),
  });
  let runtime: ParkedRuntime;
  try {
    const description = await describeBeside(job, process.pid);
    runtime = description.runtime;
    watch.lap('prepare');
    const stopWritingBack = writeBackMeanwhile(parts.kernel, path.join(directory, CHECKPOINT_FILES.images));
    try {
      await dumpFrozen(job, process, { ...description, learn: () => knowledge.learnFrom(process.pid) });
    } finally {
      await stopWritingBack();
    }
  } catch (error) {
    await process.end();
    throw error;
  }
  parts.observeEffect('checkpoint.keep', 'before');
  // CRIU has answered, and writes no more. While the disk works there is time for what follows in any case.
  await sideBySide(job.operation, [
    syncTree(parts.kernel, directory),
    process.end(),
    ...(options.then === 'stop' ? [takeDown(job, runtime)] : []),
  ]);
  watch.lap('sync');
  // The container has gone on since those were made that need its files as they were.
  await discardOutrun(parts, paths);
  await keepCheckpoint(parts, request, job.id);
  parts.observeEffect('checkpoint.keep', 'after');
  watch.lap('keep');
}

/** Takes away what the ended container had while it ran, but for what waits for its restore. */
async function takeDown({ context, cleanup }: CheckpointJob, runtime: ParkedRuntime): Promise<void> {
  const { parts, paths, request } = context;
  await awaitExitFile(request.id, paths, parts.exits);
  await parkRuntime(context, runtime);
  // No reason to give up the checkpoint: a cleanup follows that says what could not be taken away.
  await cleanup().catch(() => undefined);
}

/** Looks at the container, and writes what is to stand beside its images. */
async function describeBeside(job: CheckpointJob, criuPid: number): Promise<ContainerDump> {
  const { context, pid, options, networkLock, wasPaused, id } = job;
  const { paths, parts } = context;
  const directory = paths.newCheckpoint;
  const { bootId } = parts.facts;
  const results = await Promise.allSettled([
    describeDump(context, { pid, directory, allowances: options.allowances ?? {}, networkLock }),
    markInterruptible(directory, { criuPid, wasPaused, bootId, id }),
    saveDescriptors(pid, directory),
    noteSurroundings(context, { directory, criu: formatCriuVersion(job.version) }),
  ]);
  // Not before all have ended: the directory of one that failed is removed.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return (results[0] as PromiseFulfilledResult<ContainerDump>).value;
}

/** Copies memory while the container still goes on, where that is asked for. */
async function copyMemory(job: CheckpointJob, criu: CriuProgram): Promise<void> {
  const count = preDumpsOf(job);
  if (count === 0) return;
  const { context, pid, options, operation, watch } = job;
  const { parts, paths } = context;
  const directory = paths.newCheckpoint;
  const { allowances = {} } = options;
  const { dump: container } = await describeDump(context, {
    pid,
    directory,
    allowances,
    networkLock: job.networkLock,
  });
  await makePreDumps(parts, criu, {
    directory,
    count,
    mark: { wasPaused: false, bootId: parts.facts.bootId, id: job.id },
    dump: {
      ...container,
      operation,
      handlers: {},
      timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
    onLap: () => {
      watch.lap('pre-dump');
    },
  });
}
