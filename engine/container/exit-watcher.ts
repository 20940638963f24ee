import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { mkdir } from 'node:fs/promises';

/**
 * Tells when conmon writes an exit file: one inotify(7) watch on the directory that holds them all, which is there only while
 * somebody listens.
 */
export class ExitWatcher {
  readonly #directory: string;
  readonly #listeners = new Set<(id: string) => void>();
  #watcher: FSWatcher | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Calls back with the id of each container whose exit file appears, until the returned function is called. */
  async subscribe(listener: (id: string) => void): Promise<() => void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#listeners.add(listener);
    this.#watcher ??= this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#watcher?.close();
      this.#watcher = null;
    };
  }

  #open(): FSWatcher {
    const watcher = watch(this.#directory, (_event, name) => {
      if (name === null || !/^[0-9a-f]{64}$/.test(name)) return;
      for (const listener of this.#listeners) listener(name);
    });
    watcher.on('error', () => {
      // The directory is gone: whoever waits finds out by looking for the file.
    });
    return watcher;
  }
}
