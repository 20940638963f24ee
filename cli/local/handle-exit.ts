import { waitingCheckpoints } from '../../reconciler/index.ts';
import type { RecordEditor, ResourceName } from '../../reconciler/index.ts';
import type { ContainerRecord } from '../../schemas/index.ts';
import type { ServiceOptions } from '../arguments/service-options.ts';
import { openWriter } from './instance.ts';
import { keepRetrying } from './keep-retrying.ts';
import { ownerOf } from './owner-of.ts';

/** A command that holds the lock ends the process itself and is done with it soon; a pull may take longer. */
const LOCK_WAIT_MS = 600_000;

/**
 * What a daemon would do when the process of a container has ended: clean up, and start it again if its policy says so, at once or
 * when a back-off has passed.
 */
export async function handleExit(options: ServiceOptions, id: string, signal: AbortSignal): Promise<void> {
  const instance = await openWriter({ ...options, onError: () => undefined }, { waitMs: LOCK_WAIT_MS });
  try {
    const record = instance.records.containers.list().find(({ request }) => request?.id === id);
    if (record === undefined) return;
    const { reconciler, records } = instance;
    const names = concerned(record, records);
    await reconciler.settle(names, { waitMs: null });
    await reconciler.settle(waitingCheckpoints(records.checkpoints.list(), names), { waitMs: null });
  } finally {
    await instance.close();
  }
  await keepRetrying(options, signal);
}

/** Whom the end of a container concerns: itself or its pod, and those that waited for it. */
function concerned(record: ContainerRecord, records: RecordEditor): ResourceName[] {
  const waiting = records.containers
    .list()
    .filter(({ manifest }) => manifest?.spec.dependsOn?.includes(record.name) === true)
    .map(({ name }): ResourceName => ({ kind: 'Container', name }));
  return [ownerOf(record), ...waiting];
}
