import type { ContainerObservation, Engine } from '../engine/index.ts';
import type { Clock } from '../reconciler/index.ts';
import type { ContainerExit, ContainerRequest } from '../schemas/index.ts';

/** How long the monitor may take to write the exit file of a process that is gone. */
const EXIT_FILE_WITHIN_MS = 5000;

const ABSENT: ContainerObservation = { status: 'absent', pid: null, exit: null, monitorAlive: false };

/** What is on the host, with the exit of a process that has just ended. Changes nothing. */
export async function observeInstance(
  { engine, clock }: { engine: Engine; clock: Clock },
  request: ContainerRequest | null,
): Promise<ContainerObservation> {
  if (request === null) return ABSENT;
  const observation = await engine.containers.observe(request);
  if (observation.status !== 'stopped' || observation.exit !== null || !observation.monitorAlive) {
    return observation;
  }
  return { ...observation, exit: await waitForExitFile({ engine, clock }, request) };
}

/** The exit of a process that has ended; null when its monitor does not tell in time. */
export async function waitForExitFile(
  { engine, clock }: { engine: Engine; clock: Clock },
  request: ContainerRequest,
): Promise<ContainerExit | null> {
  const late = new AbortController();
  const timer = clock.setTimeout(() => {
    late.abort();
  }, EXIT_FILE_WITHIN_MS);
  try {
    return await engine.containers.waitExit(request, { signal: late.signal });
  } catch (error) {
    if (late.signal.aborted) return null;
    throw error;
  } finally {
    clock.clearTimeout(timer);
  }
}
