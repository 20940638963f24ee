import path from 'node:path';
import { AT_FDCWD, nativeProgram, O_DIRECTORY, O_RDONLY } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { CriuDumpStatistics, CriuNetworkLock, CriuOptions } from '../../schemas/index.ts';
import { spawnCriu } from './criu-client.ts';
import type { CriuAids, CriuProcess } from './criu-client.ts';
import { dispatchNotify } from './criu-notify.ts';
import type { CriuNotifyHandlers } from './criu-notify.ts';
import type { EffectObserver } from '../contract/effects.ts';
import { allowanceOptions, CRIU_LOG_LEVEL, DUMP_LOG, variationOptions } from './options.ts';
import type { CriuAllowances, CriuVariations } from './options.ts';
import { failureOf, withLog } from './read-log.ts';
import { readDumpStatistics } from './stats.ts';

/** One dump of a process tree. */
export interface DumpRequest {
  /** For errors: `checkpoint container/web`. */
  operation: string;
  /** Of the tree's root, in our PID namespace. */
  pid: number;
  /** Existing directory for the images. */
  imagesDirectory: string;
  /** Existing directory for `dump.log` and `stats-dump`. */
  workDirectory: string;
  /** The log of a failed dump goes here. */
  keptLogFile: string;
  rootfs: string;
  /** The tasks go on afterwards, as frozen or not as they were. */
  leaveRunning: boolean;
  externalMounts: readonly { key: string; val: string }[];
  /** Namespaces that are not to be saved: `net[<inode>]:<name>`. */
  externalNamespaces: readonly string[];
  /** Directory of the freezer in which the tasks are frozen already: CRIU's own freezing waits in steps of 100 ms. */
  freezerDirectory: string | null;
  networkLock: CriuNetworkLock;
  variations?: CriuVariations;
  /** See `cgroupYard`. */
  cgroupYard: string | null;
  allowances: CriuAllowances;
  /** An earlier pre-dump, relative to `imagesDirectory`; needs memory tracking. */
  parentImages?: string;
  /** Send the pages there instead of writing them. */
  pageServer?: { address: string; port: number };
  handlers: CriuNotifyHandlers;
  /** Told of each question of CRIU. */
  observe?: EffectObserver;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Dumps with a CRIU that was started for it and ends with it. On failure the tasks go on as before. */
export async function dump(
  kernel: Kernel,
  process: CriuProcess,
  request: DumpRequest,
): Promise<CriuDumpStatistics | null> {
  await requestDump(kernel, process, 'DUMP', request);
  return readDumpStatistics(path.join(request.workDirectory, 'stats-dump'));
}

/** Saves the memory alone, for a later dump that names it as its parent; the tasks go on. Needs memory tracking. */
export async function preDump(kernel: Kernel, process: CriuProcess, request: DumpRequest): Promise<void> {
  await requestDump(kernel, process, 'SINGLE_PRE_DUMP', request);
}

/**
 * Ready before the tasks are frozen, so that its start does not count into the time that they stand still. What is preloaded spares
 * it a walk over all of the host's tracked connections for each network namespace (`native/src/conntrack-shortcut.cc`).
 */
export function startDump(kernel: Kernel, criu: string, aids: CriuAids): CriuProcess {
  return spawnCriu(kernel, criu, { ...aids, preload: nativeProgram('tsctr-conntrack.so') });
}

async function requestDump(
  kernel: Kernel,
  process: CriuProcess,
  type: 'DUMP' | 'SINGLE_PRE_DUMP',
  request: DumpRequest,
): Promise<void> {
  const log = { logFile: path.join(request.workDirectory, DUMP_LOG), keptLogFile: request.keptLogFile };
  const images = openDirectory(kernel, request.imagesDirectory);
  const work = openDirectory(kernel, request.workDirectory);
  try {
    const answer = await process.call(
      { type, opts: dumpOptions(request, images, work) },
      {
        operation: request.operation,
        timeoutMs: request.timeoutMs,
        onNotify: dispatchNotify(request.handlers, request.observe),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
    );
    if (!answer.success) throw await failureOf(request.operation, answer, log);
  } catch (error) {
    throw await withLog(error, request.operation, log);
  } finally {
    kernel.close(images);
    kernel.close(work);
  }
}

export function dumpOptions(request: DumpRequest, images: number, work: number): CriuOptions {
  const { parentImages, pageServer, freezerDirectory } = request;
  return {
    images_dir_fd: images,
    work_dir_fd: work,
    pid: request.pid,
    log_level: request.allowances.debugLog === true ? CRIU_LOG_LEVEL.debug : CRIU_LOG_LEVEL.info,
    log_file: DUMP_LOG,
    root: request.rootfs,
    leave_running: request.leaveRunning,
    ...variationOptions(request.variations ?? {}),
    notify_scripts: true,
    orphan_pts_master: true,
    ext_mnt: [...request.externalMounts],
    external: [...request.externalNamespaces],
    network_lock: request.networkLock,
    ...allowanceOptions(request.allowances),
    ...(request.cgroupYard === null ? {} : { cgroup_yard: request.cgroupYard }),
    ...(freezerDirectory === null ? {} : { freeze_cgroup: freezerDirectory }),
    ...(parentImages === undefined ? {} : { parent_img: parentImages, track_mem: true }),
    ...(pageServer === undefined ? {} : { ps: pageServer }),
  };
}

function openDirectory(kernel: Kernel, directory: string): number {
  return kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY });
}
