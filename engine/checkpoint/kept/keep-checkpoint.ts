import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { hasErrno, SIGKILL } from '../../../native/index.ts';
import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { setFrozen } from '../../cgroup/freezer.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { observeContainer } from '../../container/observe-container.ts';
import { openIdentity } from '../../process/open-pidfd.ts';
import { readStartTicks } from '../../process/process-identity.ts';
import { readCheckpointRecord } from './checkpoint-record.ts';
import { discardCheckpoint } from './discard-checkpoint.ts';
import { discardRemains, nextId } from './kept-checkpoints.ts';
import { isMemoryToCome } from '../restore/lazy-memory.ts';
import { settleRestore } from '../restore/settle-restore.ts';
import { syncPath, syncTree } from '../dump/sync-tree.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** Puts the new checkpoint among the kept ones, in one step. */
export async function keepCheckpoint(
  parts: EngineParts,
  request: ContainerRequest,
  id: number,
): Promise<void> {
  const { checkpoints, newCheckpoint, state } = parts.paths.container(request.id);
  await mkdir(checkpoints, { recursive: true, mode: 0o700 });
  const directory = path.join(checkpoints, String(id));
  await rename(newCheckpoint, directory);
  await Promise.all([syncPath(checkpoints), syncPath(state)]);
  await rm(path.join(directory, MARK), { force: true });
}

/** In a checkpoint that is being made: who makes it, so that it can be settled if tsctr does not live to see its end. */
interface InterruptedCheckpoint {
  criuPid: number;
  criuStartTicks: number;
  wasPaused: boolean;
  bootId: string;
  /** Its number among the kept ones. */
  id: number;
}

const MARK = 'in-progress.json';

export async function markInterruptible(
  directory: string,
  job: Omit<InterruptedCheckpoint, 'criuStartTicks'>,
): Promise<void> {
  const mark: InterruptedCheckpoint = { ...job, criuStartTicks: (await readStartTicks(job.criuPid)) ?? 0 };
  await writeFile(path.join(directory, MARK), JSON.stringify(mark), { mode: 0o600 });
}

/**
 * After a crash of tsctr in the middle of a checkpoint: a container that still lives goes on as it was before; when it was
 * ended, its images are complete, and are kept.
 */
export async function settleCheckpoint(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const paths = parts.paths.container(request.id);
  const { newCheckpoint } = paths;
  const isInUse = await isMemoryToCome(parts.kernel, paths);
  if (!isInUse) await discardRemains(parts, paths);
  await settleRestore(parts, request, { isInUse });
  if (!existsSync(newCheckpoint)) return;
  const mark = await readMark(newCheckpoint);
  if (mark !== null) await endCriu(parts, mark);
  const { status } = await observeContainer(parts, request);
  if (status === 'paused' && mark?.wasPaused === false) {
    await setFrozen(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request), false);
  }
  const ended = status === 'stopped' || status === 'absent' || status === 'prepared';
  if (ended && mark?.bootId === parts.facts.bootId && (await isWhole(newCheckpoint))) {
    await syncTree(parts.kernel, newCheckpoint);
    await keepCheckpoint(parts, request, await nextId(paths, mark.id));
  } else {
    await discardCheckpoint(parts, newCheckpoint);
  }
}

/** CRIU writes its statistics after it has ended the processes: before that they may have gone on. */
async function isWhole(directory: string): Promise<boolean> {
  const record = await readCheckpointRecord(directory);
  return record !== null && !record.leftRunning && existsSync(path.join(directory, 'stats-dump'));
}

async function readMark(directory: string): Promise<InterruptedCheckpoint | null> {
  try {
    return JSON.parse(await readAtOnce(path.join(directory, MARK))) as InterruptedCheckpoint;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** CRIU gives up by itself at its next question; it holds the processes until then. */
async function endCriu({ kernel, facts }: EngineParts, mark: InterruptedCheckpoint): Promise<void> {
  const identity = { pid: mark.criuPid, startTicks: mark.criuStartTicks, bootId: mark.bootId };
  const criu = await openIdentity(kernel, identity, facts.bootId);
  if (criu === null) return;
  try {
    if (await kernel.pollReadable(criu.pidfd, CRIU_END_TIMEOUT_MS)) return;
    kernel.pidfdSendSignal(criu.pidfd, SIGKILL);
    await kernel.pollReadable(criu.pidfd, CRIU_END_TIMEOUT_MS);
  } finally {
    kernel.close(criu.pidfd);
  }
}

const CRIU_END_TIMEOUT_MS = 30_000;
