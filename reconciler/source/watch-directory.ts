import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/** Says that something may have changed in a directory or on the way to it. Only a hint: events get lost and arrive twice. */
export interface DirectoryWatch {
  /** Watches anew what has been replaced since: a directory that was swapped by rename has the same name and another inode. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

export function watchDirectory(root: string, onHint: () => void): DirectoryWatch {
  let watcher: FSWatcher | null = null;
  let watched: string | null = null;

  async function follow(): Promise<void> {
    const place = await placeOf(root);
    if (watcher !== null && watched === place.identity) return;
    const old = watcher;
    watched = place.identity;
    watcher = startWatcher(root, place, onHint);
    const fresh = watcher;
    const ready = new Promise<void>((resolve) => fresh.once('ready', resolve));
    await Promise.all([ready, old?.close()]);
  }

  return {
    follow,
    async close() {
      await watcher?.close();
      watcher = null;
    },
  };
}

interface Place {
  /** Changes when the root or a directory below it is another one than before. */
  identity: string;
  /** Where the root really is; null: there is none. */
  real: string | null;
}

async function placeOf(root: string): Promise<Place> {
  try {
    const real = await realpath(root);
    const { dev, ino } = await stat(real);
    const entries = await readdir(real, { recursive: true, withFileTypes: true });
    const directories = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    const inodes = await Promise.all(
      directories.map(async (directory) => {
        const found = await stat(directory).catch(() => null);
        return `${directory}=${found === null ? 'gone' : String(found.ino)}`;
      }),
    );
    return { identity: [real, `${String(dev)}:${String(ino)}`, ...inodes].join('\0'), real };
  } catch {
    return { identity: '', real: null };
  }
}

/** The root itself, and the directories in which it and its real place are entries: replacing it is an event there. */
function startWatcher(root: string, { real }: Place, onHint: () => void): FSWatcher {
  const targets = new Set([path.dirname(root)]);
  if (real !== null) for (const place of [root, real, path.dirname(real)]) targets.add(place);
  const isBelow = (file: string): boolean =>
    [root, real].some((place) => place !== null && (file === place || file.startsWith(`${place}/`)));
  const watcher = watch([...targets], {
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    depth: 4,
    ignored: (file, stats) => !isBelow(file) && !targets.has(file) && stats?.isDirectory() === true,
  });
  // Whatever the error is: looking again is the answer, and the periodic scan does so anyway.
  return watcher.on('all', onHint).on('raw', onHint).on('error', onHint);
}
