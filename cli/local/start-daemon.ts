import { createDirectorySource } from '../../reconciler/index.ts';
import type { DirectorySource, DirectoryWish } from '../../reconciler/index.ts';
import type { DaemonHandle, DaemonLog, DaemonOptions } from '../daemon-handle.ts';
import { openWriter } from './instance.ts';
import type { Instance } from './instance.ts';
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
  const directory = followDirectory(options, instance);
  await directory.start();
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
    async close() {
      await directory.stop();
      await instance.close();
    },
  };
}

/** What stands in the directory is wished; what came from it and is gone from it is to go. */
function followDirectory(options: DaemonOptions, { reconciler }: Instance): DirectorySource {
  const { log } = options;
  const logged = new ProblemLog(log);
  return createDirectorySource({
    root: options.manifests,
    async onWish(wish) {
      logged.report(wish);
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

/** Says each problem of the directory once, and when it is over. */
class ProblemLog {
  readonly #log: DaemonLog;
  #known = new Set<string>();

  constructor(log: DaemonLog) {
    this.#log = log;
  }

  report({ problems }: DirectoryWish): void {
    const lines = problems.map(
      ({ file, line, column, field, message }) =>
        `${file}:${String(line)}:${String(column)}: ${field === '' ? '' : `${field}: `}${message}`,
    );
    for (const line of lines) {
      if (!this.#known.has(line)) this.#log.error({}, `${line}; what it made before goes on`);
    }
    const isOver = this.#known.size > 0 && lines.length === 0;
    if (isOver) this.#log.info({}, 'the manifests are in order again');
    this.#known = new Set(lines);
  }
}
