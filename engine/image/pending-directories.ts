import { fchmodSync } from 'node:fs';
import { hasErrno, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { explainFailure } from './explain-failure.ts';
import { RESOLVE_IN_LAYER } from './layer-directories.ts';
import type { LayerEntry } from './layer-entry.ts';
import { LayerRefusal } from './layer-refusal.ts';

/**
 * Modes and times of directories, which are set at the end: unpacking into a directory changes its time, and its mode may
 * forbid it.
 */
export class PendingDirectories {
  readonly #maxNameBytes: number;
  readonly #directories = new Map<string, { mode: number; mtimeNs: bigint }>();
  #nameBytes = 0;

  constructor(maxNameBytes: number) {
    this.#maxNameBytes = maxNameBytes;
  }

  /** `path` is relative to the root of the layer, '' for the root itself; a later entry for the same path wins. */
  add(path: string, { name, mode, mtimeNs }: LayerEntry): void {
    if (!this.#directories.has(path)) this.#nameBytes += Buffer.byteLength(path);
    if (this.#nameBytes > this.#maxNameBytes) {
      throw new LayerRefusal(name, 'the names of the directories of the layer take too much memory');
    }
    this.#directories.set(path, { mode, mtimeNs });
  }

  finish(kernel: Kernel, root: number): void {
    const deepestFirst = [...this.#directories].sort(([a], [b]) => b.length - a.length);
    for (const [path, { mode, mtimeNs }] of deepestFirst) {
      const fd = openDirectory(kernel, root, path);
      if (fd === null) continue;
      try {
        fchmodSync(fd, mode);
        kernel.utimensat(fd, '.', mtimeNs, mtimeNs, 0);
      } finally {
        kernel.close(fd);
      }
    }
  }
}

/** Null when a later entry has replaced it, or a link on the way to it. */
function openDirectory(kernel: Kernel, root: number, path: string): number | null {
  const how = { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: RESOLVE_IN_LAYER };
  try {
    return kernel.openat2(root, path === '' ? '.' : path, how);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return null;
    throw explainFailure(path, error);
  }
}
