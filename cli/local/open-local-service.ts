import type { Service } from '../api/service.ts';
import type { ServiceOptions } from '../arguments/service-options.ts';
import { openReader, openWriter } from './instance.ts';
import type { Instance } from './instance.ts';
import { leaveRetrier } from './keep-retrying.ts';
import { LocalService } from './local-service.ts';

/** The service of a command that found no daemon: it looks without the lock, and takes it when it first has to write. */
export function openLocalService(options: ServiceOptions): Service {
  const instanceOptions = { ...options, onError: reportToStderr, onNotice: noticeToStderr };
  let writing: Promise<Instance> | null = null;
  const opened: Instance[] = [];
  const warnings = new DamageWarnings();
  return new LocalService({
    async reader() {
      if (writing !== null) return writing;
      // Opened anew each time: without the lock, others may have written since.
      const instance = await openReader(instanceOptions);
      opened.push(instance);
      warnings.tell(instance.store.damaged);
      return instance;
    },
    writer() {
      writing ??= openWriter(instanceOptions).then(async (instance) => {
        opened.push(instance);
        warnings.tell(instance.store.damaged);
        await instance.reconciler.watch();
        return instance;
      });
      return writing;
    },
    problemsIn: () => [],
    async close() {
      const writer = await writing?.catch(() => undefined);
      for (const instance of opened) await instance.close();
      // Without a daemon nobody else would try again what a back-off holds back.
      if (writer !== undefined) leaveRetrier(options, writer.records);
    },
  });
}

/** What goes wrong inside of tsctr itself, and not with a container, in a command of which the terminal is the log. */
function reportToStderr(error: unknown): void {
  process.stderr.write(`tsctr: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

function noticeToStderr(container: string, message: string): void {
  process.stderr.write(`container/${container}: ${message}\n`);
}

/** Tells of damaged records, each once. */
class DamageWarnings {
  readonly #told = new Set<string>();

  tell(damaged: Instance['store']['damaged']): void {
    for (const { path, setAsideAs, reason } of damaged) {
      // Another command has removed it between the list and the look.
      if (this.#told.has(path) || reason.startsWith('ENOENT')) continue;
      this.#told.add(path);
      process.stderr.write(`error: read record ${path}: ${reason}\n${adviceFor(path, setAsideAs)}`);
    }
  }
}

function adviceFor(path: string, setAsideAs: string): string {
  const aside = path === setAsideAs ? '' : `  → it is kept as ${setAsideAs}\n`;
  return `${aside}  → the others go on; what it described is left as it is: make its record good, or apply its manifest again\n`;
}
