import type { DirectoryWish } from '../../reconciler/index.ts';
import type { DaemonLog } from '../daemon/daemon-handle.ts';

/** What is wrong with the files of the directory now. Logs each problem once, and when all is well again. */
export class DirectoryProblems {
  readonly #log: DaemonLog;
  /** By file, as people read them: `/etc/tsctr.d/web.yaml:7:3: spec.comand: unknown field`. */
  #byFile = new Map<string, string[]>();

  constructor(log: DaemonLog) {
    this.#log = log;
  }

  /** Of one file; empty when it is in order. */
  in(file: string): readonly string[] {
    return this.#byFile.get(file) ?? [];
  }

  report({ problems }: Pick<DirectoryWish, 'problems'>): void {
    const known = new Set([...this.#byFile.values()].flat());
    this.#byFile = new Map();
    for (const { file, line, column, field, message } of problems) {
      const place = `${file}:${String(line)}:${String(column)}`;
      const text = `${place}: ${field === '' ? '' : `${field}: `}${message}`;
      this.#byFile.set(file, [...(this.#byFile.get(file) ?? []), text]);
      if (!known.has(text)) this.#log.error({}, `${text}; what it made before goes on`);
    }
    if (known.size > 0 && problems.length === 0) this.#log.info({}, 'the manifests are in order again');
  }
}
