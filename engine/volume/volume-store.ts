import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import type { VolumeRecord } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { HostPaths } from '../host-paths.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import { unmountAll } from '../rootfs/mount-overlay.ts';
import { syncDirectory, writeDurably } from '../store/durable-file.ts';
import type { VolumeWish } from '../contract/volume-engine.ts';
import { KeyedLock } from './keyed-lock.ts';
import { mountLocalVolume } from './local-driver.ts';
import { volumePaths } from './volume-paths.ts';
import type { VolumePaths } from './volume-paths.ts';

/** The named volumes of one root: their records, their directories and, where a driver has one, their mounts. */
export class VolumeStore {
  readonly #kernel: Kernel;
  readonly #paths: HostPaths;
  readonly #lock = new KeyedLock();

  constructor(kernel: Kernel, paths: HostPaths) {
    this.#kernel = kernel;
    this.#paths = paths;
  }

  pathsOf(name: string): VolumePaths {
    return volumePaths(this.#paths, name);
  }

  /** Makes one action on a volume wait for another. */
  locked<T>(name: string, action: () => Promise<T>): Promise<T> {
    return this.#lock.run(name, action);
  }

  async list(): Promise<VolumeRecord[]> {
    const names = await readdir(this.#paths.volumes).catch(noneIfMissing);
    const records = await Promise.all(
      names.filter((name) => !name.includes('.')).map((name) => this.find(name)),
    );
    return records.filter((record) => record !== null).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async find(name: string): Promise<VolumeRecord | null> {
    const paths = this.pathsOf(name);
    let text: string;
    try {
      text = await readFile(paths.record, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      return null;
    }
    const { volumeRecord } = await import('../../schemas/index.ts');
    try {
      return volumeRecord.parse(JSON.parse(text));
    } catch (error) {
      throw new EngineError('BAD_REQUEST', `read volume ${name}: ${paths.record} is damaged`, {
        cause: error,
        hint: 'repair or remove that file; the data beside it is untouched',
      });
    }
  }

  /** The volume, made when it is missing. What exists is left as it is; other options than it has are an error. */
  async ensure(wish: VolumeWish): Promise<VolumeRecord> {
    const found = await this.find(wish.name);
    if (found !== null) {
      refuseOtherOptions(found, wish);
      return found;
    }
    const paths = this.pathsOf(wish.name);
    await mkdir(paths.directory, { recursive: true, mode: 0o711 });
    // Without a record but with something in it: somebody else filled it, so it is not ours to fill or to give away.
    const hadData = (await readdir(paths.data).catch(noneIfMissing)).length > 0;
    await mkdir(paths.data, { recursive: true, mode: 0o755 });
    const record: VolumeRecord = {
      schemaVersion: 1,
      kind: 'Volume',
      name: wish.name,
      driver: 'local',
      labels: { ...wish.labels },
      options: { ...wish.options },
      createdAt: new Date().toISOString(),
      copyUp: hadData ? 'done' : 'due',
      ownership: hadData ? 'done' : 'due',
      declaration: null,
      isCondemned: false,
    };
    await this.save(record);
    await syncDirectory(this.#paths.volumes);
    return record;
  }

  async save(record: VolumeRecord): Promise<void> {
    await writeDurably(this.pathsOf(record.name).record, `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Removes it with everything in it. Whether somebody uses it is the caller's to know; one that is mounted is refused. */
  async remove(name: string): Promise<void> {
    const paths = this.pathsOf(name);
    const users = await this.users(name);
    if (users.length > 0) {
      throw new EngineError(
        'VOLUME_IN_USE',
        `remove volume ${name}: ${String(users.length)} containers have it mounted`,
      );
    }
    unmountAll(this.#kernel, paths.data);
    // Out of the way as a whole first: a crash must not leave half of a volume under its name.
    const condemned = path.join(this.#paths.volumes, `${name}.removing`);
    await this.#kernel.removeTree(condemned);
    try {
      await rename(paths.directory, condemned);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    await syncDirectory(this.#paths.volumes).catch(noneIfMissing);
    await this.#kernel.removeTree(condemned);
    await rm(paths.users, { recursive: true, force: true });
  }

  /** Ids of the containers that have it mounted. */
  users(name: string): Promise<string[]> {
    return readdir(this.pathsOf(name).users).catch(noneIfMissing);
  }

  /** Notes that the container uses the volume, and mounts its file system if it has one. Call it locked. */
  async hold(record: VolumeRecord, containerId: string): Promise<string> {
    const paths = this.pathsOf(record.name);
    await mkdir(paths.users, { recursive: true, mode: 0o700 });
    await writeFile(path.join(paths.users, containerId), '');
    if (!isMountPoint(paths.data)) mountLocalVolume(this.#kernel, record, paths.data);
    return paths.data;
  }

  /** The container uses none of its volumes any more; what nobody else uses is unmounted. */
  async release(containerId: string): Promise<void> {
    const names = await readdir(path.join(this.#paths.run, 'volumes')).catch(noneIfMissing);
    for (const name of names) await this.locked(name, () => this.letGo(name, containerId));
  }

  /** The container does not use this volume any more. Call it locked. */
  async letGo(name: string, containerId: string): Promise<void> {
    const paths = this.pathsOf(name);
    const users = await this.users(name);
    if (!users.includes(containerId)) return;
    const isLast = users.length === 1;
    if (isLast && isMountPoint(paths.data)) unmountAll(this.#kernel, paths.data);
    await rm(path.join(paths.users, containerId), { force: true });
    if (isLast) await rm(paths.users, { recursive: true, force: true });
  }
}

/** The options of a volume say where its data is: another place would look like lost data. */
export function refuseOtherOptions(found: VolumeRecord, wish: VolumeWish): void {
  if (wish.options === undefined) return;
  for (const name of ['type', 'device', 'o'] as const) {
    if (found.options[name] === wish.options[name]) continue;
    throw new EngineError(
      'BAD_REQUEST',
      `create volume ${wish.name}: it exists with ${name} ${found.options[name] ?? '(none)'}, asked for ${wish.options[name] ?? '(none)'}`,
      { hint: `remove it first, with its data (tsctr volume remove ${wish.name}), or take another name` },
    );
  }
}

function noneIfMissing(error: unknown): [] {
  if (codeOf(error) === 'ENOENT') return [];
  throw error;
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
