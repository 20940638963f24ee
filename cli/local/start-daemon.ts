import { createDirectorySource } from '../../reconciler/index.ts';
import type { DirectorySource } from '../../reconciler/index.ts';
import type { DaemonHandle, DaemonOptions } from '../daemon/daemon-handle.ts';
import { DirectoryProblems } from './directory-problems.ts';
import { openWriter } from './instance.ts';
import type { Instance } from './instance.ts';
import { LocalService } from './local-service.ts';

/** Becomes the one writer of its root: adopts what is on record, follows the manifests, and keeps both in step. */
export async function startDaemon(options: DaemonOptions): Promise<DaemonHandle> {
  const { log } = options;
  const instance = await openWriter({
    ...options,
    onNotice: (container, message) => {
      log.info({ container }, `container/${container}: ${message}`);
    },
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
  const problems = new DirectoryProblems(log);
  const directory = followDirectory(options, instance, problems);
  await directory.start();
  const service = new LocalService({
    reader: () => Promise.resolve(instance),
    writer: () => Promise.resolve(instance),
    problemsIn: (file) => problems.in(file),
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
    async close() {
      await directory.stop();
      await instance.close();
    },
  };
}

/** What stands in the directory is wished; what came from it and is gone from it is to go. */
function followDirectory(
  options: DaemonOptions,
  { reconciler }: Instance,
  problems: DirectoryProblems,
): DirectorySource {
  const { log } = options;
  return createDirectorySource({
    root: options.manifests,
    async onWish(wish) {
      problems.report(wish);
      const accepted = await reconciler.accept(wish.manifests, {
        source: 'directory',
        prune: wish.keep === 'all' ? null : { allBut: wish.keep },
        conflicts: 'skip',
      });
      for (const conflict of accepted.conflicts) log.error({ err: conflict }, conflict.message);
      reconciler.wake([...accepted.changed, ...accepted.dropped]);
    },
    onError(error) {
      log.error({ err: error }, `follow ${options.manifests} failed`);
    },
  });
}
