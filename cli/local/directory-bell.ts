import { existsSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';

/**
 * Rings when an entry of one of the directories changes (inotify(7)). In place of one that is not there the nearest above it is watched,
 * until it is. A ring while nobody waits is not lost to who has asked before.
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
    for (const [index, { wanted, inode, watcher }] of this.#watched.entries()) {
      if (inodeOf(wanted) === inode) continue;
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
      const inode = inodeOf(place);
      const watcher = this.#open(place);
      // It may have come, or gone, just before it was watched.
      if (watcher !== null && nearestThere(wanted) === place && inodeOf(place) === inode) {
        return { wanted, inode, watcher };
      }
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

function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

interface Watched {
  wanted: string;
  /** Of the directory that is watched: another one of the same name is not. */
  inode: number | null;
  watcher: FSWatcher;
}
