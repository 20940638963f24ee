import { appendFile, open, rename } from 'node:fs/promises';
import type { ResourceEvent } from '../../reconciler/index.ts';
import type { EventLogPaths } from './event-log-paths.ts';

/** When it has reached this many bytes it becomes the previous one, and another is begun. */
const MAX_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * What has happened to resources, one JSON object a line, for `tsctr events` and `describe`: it outlives daemon and reboot, and no more
 * than two files of it are kept. Only the one writer of the root appends to it. It is no record: the last lines may be lost with the
 * power.
 */
export class EventLog {
  readonly #paths: EventLogPaths;
  readonly #onError: (error: unknown) => void;
  #lines: string[] = [];
  #writing: Promise<void> | null = null;
  #hasBegun = false;
  #size = 0;

  constructor(paths: EventLogPaths, onError: (error: unknown) => void) {
    this.#paths = paths;
    this.#onError = onError;
  }

  /** Takes it and returns at once. */
  append(event: ResourceEvent): void {
    this.#lines.push(`${JSON.stringify(event)}\n`);
    this.#writing ??= this.#write();
  }

  /** Resolves when all that was taken is in the file. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#lines.length > 0) {
        const torn = await this.#begin();
        const bytes = Buffer.from(torn + this.#lines.splice(0).join(''));
        await this.#rotate(bytes.length);
        await appendFile(this.#paths.current, bytes, { mode: 0o600 });
        this.#size += bytes.length;
      }
    } catch (error) {
      // What happened has happened, whether it can be written down or not.
      this.#onError(error);
    } finally {
      this.#writing = null;
    }
  }

  /** Finds out how large the file is. Returns what ends the line in which a writer before this one was killed. */
  async #begin(): Promise<string> {
    if (this.#hasBegun) return '';
    this.#hasBegun = true;
    const file = await open(this.#paths.current, 'r').catch(() => null);
    if (file === null) return '';
    try {
      this.#size = (await file.stat()).size;
      const last = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, this.#size - 1));
      return last.bytesRead === 0 || last.buffer[0] === LINE_FEED ? '' : '\n';
    } finally {
      await file.close();
    }
  }

  async #rotate(bytes: number): Promise<void> {
    if (this.#size === 0 || this.#size + bytes <= MAX_BYTES) return;
    await rename(this.#paths.current, this.#paths.previous);
    this.#size = 0;
  }
}
