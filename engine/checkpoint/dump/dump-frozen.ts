import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { setFrozen } from '../../cgroup/freezer.ts';
import { dump } from '../../criu/dump.ts';
import type { CriuProcess } from '../../criu/criu-client.ts';
import type { CriuNotifyHandlers } from '../../criu/criu-notify.ts';
import { EngineError } from '../../engine-error.ts';
import { CHECKPOINT_TIMEOUT_MS, isWithFiles, preDumpsOf } from './checkpoint-job.ts';
import type { CheckpointJob } from './checkpoint-job.ts';
import { writeCheckpointRecord } from '../kept/checkpoint-record.ts';
import { describeCheckpoint } from './describe-checkpoint.ts';
import type { ContainerDump } from './dump-container.ts';
import { noteNetworkLock } from '../network-lock.ts';
import { parentOfDump } from './pre-dumps.ts';
import { saveFiles, saveVolumes } from '../saved-files.ts';
import { findStoppedProcesses } from './stopped-processes.ts';

interface FrozenDump extends ContainerDump {
  /** Called when CRIU knows this kernel. */
  learn: () => Promise<void>;
}

/** The processes stand still from here to the end of the dump; those that are to go on go on, whatever happens. */
export async function dumpFrozen(
  job: CheckpointJob,
  process: CriuProcess,
  description: FrozenDump,
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
      handlers: dumpHandlers(job, description),
      observe: parts.observeEffect,
      timeoutMs: options.timeoutMs ?? CHECKPOINT_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    failed = false;
    parts.observeEffect('checkpoint.dump', 'after');
    watch.lap('dump');
    await thaw();
    await writeCheckpointRecord(
      context.paths.newCheckpoint,
      describeCheckpoint(job, description, statistics),
    );
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

function dumpHandlers(job: CheckpointJob, description: FrozenDump): CriuNotifyHandlers {
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
      await writeCheckpointRecord(directory, describeCheckpoint(job, description, null));
      if (options.then === 'stop' && mayLockNetwork(description)) {
        await noteNetworkLock(context, { directory, pid: job.pid });
      }
      watch.lap('files');
    },
  };
}

/** Its configuration file may tell CRIU what we do not. */
function mayLockNetwork({ dump: { networkLock, allowances } }: ContainerDump): boolean {
  return networkLock !== 'SKIP' || allowances.configFile !== undefined;
}
