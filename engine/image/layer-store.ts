import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { writeDurably } from '../store/durable-file.ts';
import { layerPaths } from './image-paths.ts';
import type { ImagePaths } from './image-paths.ts';
import type { LayerLimits } from './layer-limits.ts';
import type { RootStatus } from './layer-writer.ts';
import type { UnpackPool } from './unpack-pool.ts';
import type { UnpackedLayer } from './unpack-layer.ts';
import { readAtOnce } from '../read-at-once.ts';

/** What is known of an unpacked layer: `layer.json` beside it. */
export interface LayerRecord {
  diffId: string;
  bytes: number;
  entries: number;
  root: RootStatus | null;
  /** The boot in which it was unpacked, until it is known to be on stable storage; null from then on. */
  unsettledIn: string | null;
}

export interface LayerStoreOptions {
  kernel: Kernel;
  paths: ImagePaths;
  pool: UnpackPool;
  limits: LayerLimits;
  privileged: boolean;
  bootId: string;
  /** syncfs(2) of the file system that holds the path. */
  syncFileSystem: (path: string) => Promise<void>;
}

export interface LayerStore {
  /** Null when it is not there, or when the power may have failed before it was written out. */
  find(diffId: string): Promise<LayerRecord | null>;
  /** Unpacks the blob unless it is there. */
  ensure(diffId: string, blob: string, options: EnsureLayerOptions): Promise<LayerRecord>;
  /** Brings what was unpacked to stable storage, so that it counts after a power failure. */
  settle(diffIds: readonly string[]): Promise<void>;
  /** Removes all layers but `keep`; returns the bytes freed. */
  removeAllBut(keep: ReadonlySet<string>): Promise<number>;
}

export interface EnsureLayerOptions {
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
}

export function createLayerStore(options: LayerStoreOptions): LayerStore {
  const { kernel, paths, pool, bootId } = options;
  const atWork = new Map<string, Promise<LayerRecord>>();

  async function find(diffId: string): Promise<LayerRecord | null> {
    const record = await readRecord(paths.layer(diffId).record);
    if (record === null) return null;
    return record.unsettledIn === null || record.unsettledIn === bootId ? record : null;
  }

  async function unpack(
    diffId: string,
    blob: string,
    { signal, onProgress }: EnsureLayerOptions,
  ): Promise<LayerRecord> {
    const found = await find(diffId);
    if (found !== null) return found;
    const work = layerPaths(path.join(paths.temporary, `layer-${randomBytes(8).toString('hex')}`));
    await mkdir(work.directory, { mode: 0o700 });
    try {
      const { limits, privileged } = options;
      const unpacked = await pool.unpack(
        { blob, diffId, directory: work.directory, limits, privileged },
        { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
      );
      return await putInPlace(diffId, work.directory, unpacked);
    } finally {
      await kernel.removeTree(work.directory);
    }
  }

  /** The rename is what makes it exist: before it nothing counts, after it everything is there. */
  async function putInPlace(
    diffId: string,
    directory: string,
    unpacked: UnpackedLayer,
  ): Promise<LayerRecord> {
    await kernel.removeTree(path.join(directory, 'trash'));
    const record: LayerRecord = { diffId, ...unpacked, unsettledIn: bootId };
    await writeFile(layerPaths(directory).record, JSON.stringify(record), { mode: 0o600 });
    const target = paths.layer(diffId).directory;
    await moveAway(target);
    await rename(directory, target);
    return record;
  }

  /** What is there but does not count, or is no longer wanted, must not be half there at any time. */
  async function moveAway(target: string): Promise<void> {
    const discarded = path.join(paths.temporary, `discarded-${randomBytes(8).toString('hex')}`);
    try {
      await rename(target, discarded);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return;
      throw error;
    }
    await kernel.removeTree(discarded);
  }

  return {
    find,
    async ensure(diffId, blob, ensureOptions) {
      // Two images with a layer in common may come at the same time. The second waits; it starts anew if the first fails.
      for (let other = atWork.get(diffId); other !== undefined; other = atWork.get(diffId)) {
        await other.catch(() => undefined);
      }
      const work = unpack(diffId, blob, ensureOptions);
      atWork.set(diffId, work);
      try {
        return await work;
      } finally {
        atWork.delete(diffId);
      }
    },
    async settle(diffIds) {
      const records = await Promise.all(diffIds.map(find));
      const unsettled = records.filter((record) => record !== null && record.unsettledIn !== null);
      if (unsettled.length === 0) return;
      await options.syncFileSystem(paths.layers);
      for (const record of unsettled) {
        if (record === null) continue;
        await writeDurably(
          paths.layer(record.diffId).record,
          JSON.stringify({ ...record, unsettledIn: null }),
        );
      }
    },
    async removeAllBut(keep) {
      let freedBytes = 0;
      for (const hex of await readdir(paths.layers)) {
        const diffId = `sha256:${hex}`;
        if (keep.has(diffId)) continue;
        const record = await readRecord(path.join(paths.layers, hex, 'layer.json'));
        freedBytes += record?.bytes ?? 0;
        await moveAway(path.join(paths.layers, hex));
      }
      return freedBytes;
    },
  };
}

async function readRecord(file: string): Promise<LayerRecord | null> {
  try {
    return JSON.parse(await readAtOnce(file)) as LayerRecord;
  } catch (error) {
    // A file that the power failure left empty is as good as none.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return null;
    throw error;
  }
}
