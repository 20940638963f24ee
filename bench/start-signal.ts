import { statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { until } from './until.ts';

/**
 * How a container tells that it runs, whoever has started it: its command writes a line to a file in a directory of the host. Looking
 * at that file costs the same for all, and asks none of them.
 */
export class StartSignal {
  readonly directory: string;
  readonly #file: string;

  constructor(directory: string) {
    this.directory = path.join(directory, 'signal');
    this.#file = path.join(this.directory, 'started');
  }

  get command(): readonly string[] {
    const script =
      "echo started >> /signal/started; trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";
    return ['sh', '-c', script];
  }

  /** Lines of the manifest's spec. */
  get spec(): readonly string[] {
    return [
      `  volumes: [{ name: signal, hostPath: { path: ${this.directory} } }]`,
      '  volumeMounts: [{ name: signal, mountPath: /signal }]',
    ];
  }

  /** Forgets all starts so far. */
  async reset(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory, { recursive: true });
  }

  /** Waits until the command has begun that many times since the reset. */
  async untilStarts(count: number): Promise<void> {
    const size = count * 'started\n'.length;
    const isThere = () => (statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) >= size;
    await until(isThere, `the container has started ${count} times`);
  }
}
