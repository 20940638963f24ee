import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { awaitExitFile } from '../container/exit-file.ts';
import { startDump } from '../criu/dump.ts';
import { formatCriuVersion } from '../criu/features.ts';
import type { CriuProgram } from '../criu/features.ts';
import { tarShortcut } from '../criu/tar-shortcut.ts';
import { CHECKPOINT_TIMEOUT_MS, preDumpsOf } from './checkpoint-job.ts';
import type { CheckpointJob } from './checkpoint-job.ts';
import { CHECKPOINT_FILES } from './checkpoint-record.ts';
import { discardCheckpoint } from './discard-checkpoint.ts';
import { describeDump, saveDescriptors } from './dump-container.ts';
import { dumpFrozen } from './dump-frozen.ts';
import { keepCheckpoint, markInterruptible } from './keep-checkpoint.ts';
import { discardOutrun } from './kept-checkpoints.ts';
import { noteSurroundings } from './note-surroundings.ts';
import { parkRuntime } from './parked-runtime.ts';
import type { ParkedRuntime } from './parked-runtime.ts';
import { makePreDumps } from './pre-dumps.ts';
import { syncTree } from './sync-tree.ts';

/** Makes the images and all that belongs to them, and puts them among the kept checkpoints. */
export async function makeCheckpoint(job: CheckpointJob, criu: CriuProgram): Promise<void> {
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
    const description = await describeDump(context, {
      pid,
      directory,
      allowances: options.allowances ?? {},
      networkLock: job.networkLock,
    });
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
