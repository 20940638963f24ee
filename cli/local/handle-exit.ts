import { existsSync } from 'node:fs';
import type { ServiceOptions } from '../service-options.ts';
import { socketPathOf } from '../service-options.ts';
import type { RecordEditor, ResourceName } from '../../reconciler/index.ts';
import type { ContainerRecord } from '../../schemas/index.ts';
import { openWriter } from './instance.ts';

/** A command that holds the lock ends the process itself and is done with it soon; a pull may take longer. */
const LOCK_WAIT_MS = 600_000;

/**
 * What a daemon would do when the process of a container has ended: clean up, and start it again if its policy says so. While a
 * back-off passes the lock is free for others; whoever takes over in the meantime, a daemon or a command, is left to it.
 */
export async function handleExit(options: ServiceOptions, id: string): Promise<void> {
  for (;;) {
    const instance = await openWriter({ ...options, onError: () => undefined }, { waitMs: LOCK_WAIT_MS });
    let nextTry: number | null;
    try {
      const record = instance.records.containers.list().find(({ request }) => request?.id === id);
      if (record === undefined) return;
      await instance.reconciler.settle(concerned(record, instance.records), { waitMs: null });
      const now = instance.records.containers.get(record.name);
      nextTry = now?.backoffUntil === null || now === null ? null : Date.parse(now.backoffUntil);
      if (now?.request?.id !== id && now?.state === 'Running') return;
    } finally {
      await instance.close();
    }
    if (nextTry === null) return;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextTry - Date.now())));
    if (existsSync(socketPathOf(options.run))) return;
  }
}

/** Whom the end of a container concerns: itself or its pod, and those that waited for it. */
function concerned(record: ContainerRecord, records: RecordEditor): ResourceName[] {
  const own: ResourceName =
    record.pod === null ? { kind: 'Container', name: record.name } : { kind: 'Pod', name: record.pod };
  const waiting = records.containers
    .list()
    .filter(({ manifest }) => manifest?.spec.dependsOn?.includes(record.name) === true)
    .map(({ name }): ResourceName => ({ kind: 'Container', name }));
  return [own, ...waiting];
}
