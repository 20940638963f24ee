import type { ContainerRequest } from '../../../schemas/index.ts';
import { createContext } from '../../container/container-context.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { observeContainer } from '../../container/observe-container.ts';
import type { CheckpointOptions, CheckpointResult, MadeRetry } from '../../contract/checkpoint-options.ts';
import { CriuProgram } from '../../criu/features.ts';
import { EngineError } from '../../engine-error.ts';
import { CHECKPOINT_TIMEOUT_MS } from './checkpoint-job.ts';
import type { CheckpointJob } from './checkpoint-job.ts';
import { discardCheckpoint } from '../kept/discard-checkpoint.ts';
import { settleCheckpoint } from '../kept/keep-checkpoint.ts';
import { keepByPolicy, nextId } from '../kept/kept-checkpoints.ts';
import { untilMemoryHasCome } from '../restore/lazy-memory.ts';
import { makeCheckpoint } from './make-checkpoint.ts';
import { requireMemoryTracking } from './pre-dumps.ts';
import { requireRoom } from './require-room.ts';
import { DEFAULT_RETRIES, planRetry } from './retry-checkpoint.ts';
import { startStopwatch } from '../stopwatch.ts';

/** Saves the container as its kept checkpoint. On failure it goes on as before and nothing half-written is left. */
export async function checkpointContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: CheckpointOptions,
  { cleanup }: Pick<CheckpointJob, 'cleanup'>,
): Promise<CheckpointResult> {
  const operation = `checkpoint container/${request.name}`;
  const watch = startStopwatch();
  const criu = new CriuProgram(parts.kernel, parts.facts.tools.criu, parts.paths.run);
  const version = await criu.requireMinimum();
  await requireMemoryTracking(criu, options.preDumps ?? 0, operation);
  const { timeoutMs = CHECKPOINT_TIMEOUT_MS, signal } = options;
  await untilMemoryHasCome(parts.kernel, parts.paths.container(request.id), { operation, timeoutMs, signal });
  await settleCheckpoint(parts, request);
  const { status, pid } = await observeContainer(parts, request);
  if ((status !== 'running' && status !== 'paused') || pid === null) {
    throw new EngineError('BAD_REQUEST', `${operation}: it is ${status}, expected running or paused`);
  }
  const context = createContext(parts, request);
  await requireRoom(context, options.archive ?? null, operation);
  const id = await nextId(context.paths, options.id);
  const wasPaused = status === 'paused';
  const retries = await tryCheckpoint(criu, {
    context,
    id,
    operation,
    options,
    pid,
    wasPaused,
    version,
    watch,
    cleanup,
  });
  parts.observeEffect('checkpoint.retention', 'before');
  const kept = await keepByPolicy(parts, context.paths, options.retention ?? { keep: 1 });
  parts.observeEffect('checkpoint.retention', 'after');
  watch.lap('keep');
  const [details] = kept;
  if (details?.id !== id)
    throw new EngineError('CHECKPOINT_INCOMPLETE', `${operation}: the images are not complete`);
  return { details, kept, durationsMs: watch.durationsMs(), retries };
}

/** Tries it, and again with what CRIU says that it needs, where that is allowed. Returns why it was tried again. */
async function tryCheckpoint(criu: CriuProgram, first: CheckpointJob): Promise<MadeRetry[]> {
  const { parts, paths, request } = first.context;
  const made: MadeRetry[] = [];
  let job = first;
  for (;;) {
    try {
      await makeCheckpoint(job, criu);
      return made;
    } catch (error) {
      await discardCheckpoint(parts, paths.newCheckpoint);
      const { allowances = {}, retryWith = DEFAULT_RETRIES } = job.options;
      const retry = planRetry(error, { allowances, networkLock: job.networkLock }, retryWith);
      if (retry === null) throw error;
      made.push({ cause: retry.cause, with: retry.with });
      parts.notice?.(
        request.name,
        `${retry.explanation}; its checkpoint is tried again with ${retry.with.join(', ')}`,
      );
      // Each try allows something that was not said before, so they come to an end.
      job = {
        ...job,
        ...(retry.networkLock === undefined ? {} : { networkLock: retry.networkLock }),
        options: { ...job.options, allowances: { ...allowances, ...retry.allowances } },
      };
    }
  }
}
