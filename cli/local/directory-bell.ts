import { existsSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';

/**
 * Rings when an entry of one of the directories changes. In place of one that is not there yet the nearest above it is watched, until it
 * is. A ring while nobody waits is not lost to who has asked before.
 */
export class DirectoryBell {
  readonly #watched: Watched[];
  #resolve: () => void = () => undefined;

  constructor(directories: readonly string[]) {
    this.#watched = directories.map((directory) => this.#watch(directory));
  }

  /** The next ring. What changed before this call may not ring: look at everything after it. */
  next(): Promise<void> {
    const ring = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    for (const [index, { wanted, place, watcher }] of this.#watched.entries()) {
      if (place === wanted) continue;
      watcher.close();
      this.#watched[index] = this.#watch(wanted);
    }
    return ring;
  }

  ring(): void {
    this.#resolve();
  }

  close(): void {
    for (const { watcher } of this.#watched) watcher.close();
  }

  #watch(wanted: string): Watched {
    for (;;) {
      const place = nearestThere(wanted);
      const watcher = this.#open(place);
      // It may have come, or gone, just before it was watched.
      if (watcher !== null && nearestThere(wanted) === place) return { wanted, place, watcher };
      watcher?.close();
    }
  }

  #open(place: string): FSWatcher | null {
    const notice = (): void => {
      this.ring();
    };
    try {
      // One that goes is an error: the next look finds out what that means.
      return watch(place, notice).on('error', notice);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

function nearestThere(directory: string): string {
  let place = directory;
  while (!existsSync(place) && place !== path.dirname(place)) place = path.dirname(place);
  return place;
}

interface Watched {
  wanted: string;
  /** Itself, or a directory above it. */
  place: string;
  watcher: FSWatcher;
}
