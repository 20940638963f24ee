import type { Programs } from '../run-program.ts';

/** CRIU's command line with its defaults; `options` are those that a tree cannot be dumped or restored without. */
export class BareCriu {
  readonly #programs: Programs;
  readonly #file: string;

  constructor(programs: Programs, file: string) {
    this.#programs = programs;
    this.#file = file;
  }

  /** Saves the tree, and ends it. */
  async dump(pid: number, images: string, options: readonly string[] = []): Promise<void> {
    const tree = ['--tree', String(pid), '--images-dir', images];
    await this.#programs.run(this.#file, ['dump', ...tree, ...options]);
  }

  /** Until all processes run; CRIU leaves them. */
  async restore(images: string, options: readonly string[] = []): Promise<void> {
    await this.#programs.run(this.#file, [
      ...['restore', '--restore-detached', '--images-dir', images],
      ...options,
    ]);
  }
}
