import type { DaemonHandle, DaemonOptions } from '../daemon-handle.ts';
import { openWriter } from './instance.ts';
import { LocalService } from './local-service.ts';

/** Becomes the one writer of its root: adopts what is on record, follows the manifests, and keeps both in step. */
export async function startDaemon(options: DaemonOptions): Promise<DaemonHandle> {
  const { log } = options;
  const instance = await openWriter({
    ...options,
    onError: (error, key) => {
      log.error({ err: error, key }, 'internal error');
    },
  });
  for (const damaged of instance.store.damaged) log.error(damaged, 'a damaged record was set aside');
  const { reconciler, records, events } = instance;
  events.subscribe((event) => {
    log.info({ event }, `${event.resource.kind.toLowerCase()}/${event.resource.name} ${event.type}`);
  });
  reconciler.onProgress((progress) => {
    if (progress.what === 'failed') log.error(progress, 'failed');
  });
  await reconciler.start({ rebooted: instance.rebooted });
  const service = new LocalService({
    reader: () => Promise.resolve(instance),
    writer: () => Promise.resolve(instance),
    close: () => Promise.resolve(),
  });
  return {
    service,
    healthy: () => true,
    status: () => {
      const containers = records.containers.list();
      const running = containers.filter(({ state }) => state === 'Running').length;
      return `${String(containers.length)} containers, ${String(running)} running`;
    },
    close: () => instance.close(),
  };
}
