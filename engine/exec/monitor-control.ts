import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { TerminalSize } from '../access.ts';

/** The FIFO of a monitor, below its bundle, that takes orders: lines of three numbers, conmon's `ctl`. */
export class MonitorControl {
  readonly #fifo: FileHandle;

  private constructor(fifo: FileHandle) {
    this.#fifo = fifo;
  }

  /** Null when no monitor listens. */
  static async open(bundle: string): Promise<MonitorControl | null> {
    try {
      // Without waiting for a reader: there is none when the monitor has gone.
      const fifo = await open(path.join(bundle, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
      return new MonitorControl(fifo);
    } catch (error) {
      if (hasErrno(error, 'ENXIO', 'ENOENT')) return null;
      throw error;
    }
  }

  /** False when the monitor has gone meanwhile. */
  resize({ rows, columns }: TerminalSize): Promise<boolean> {
    return this.#order(`1 ${rows} ${columns}\n`);
  }

  /** False when the monitor has gone meanwhile. */
  reopenLog(): Promise<boolean> {
    return this.#order('2 0 0\n');
  }

  async close(): Promise<void> {
    await this.#fifo.close();
  }

  async #order(line: string): Promise<boolean> {
    try {
      await this.#fifo.write(line);
      return true;
    } catch (error) {
      if (hasErrno(error, 'EPIPE')) return false;
      throw error;
    }
  }
}
