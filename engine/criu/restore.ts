import path from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { CriuOptions, CriuRestoreStatistics } from '../../schemas/index.ts';
import type { CriuClient } from './criu-client.ts';
import { CriuError } from './criu-error.ts';
import { dispatchNotify } from './criu-notify.ts';
import type { CriuNotifyHandlers } from './criu-notify.ts';
import type { EffectObserver } from '../contract/effects.ts';
import { allowanceOptions, CRIU_LOG_LEVEL, RESTORE_LOG, variationOptions } from './options.ts';
import type { CriuAllowances, CriuVariations } from './options.ts';
import { failureOf, withLog } from './read-log.ts';
import { readRestoreStatistics } from './stats.ts';

/** One restore of a process tree. */
export interface CriuRestoreRequest {
  /** For errors: `restore container/web`. */
  operation: string;
  imagesDirectory: string;
  /** Existing directory for `restore.log` and `stats-restore`. */
  workDirectory: string;
  /** The log of a failed restore goes here. */
  keptLogFile: string;
  /** A mount point, private, whose parent is not covered by another mount. */
  root: string;
  externalMounts: readonly { key: string; val: string }[];
  /** Name in the images → number in CRIU's own table. */
  inheritedFds: readonly { key: string; fd: number }[];
  joinedNamespaces: readonly { ns: string; ns_file: string }[];
  cgroupRoots: readonly { ctrl?: string; path: string }[];
  variations?: CriuVariations;
  /** See `cgroupYard`. */
  cgroupYard: string | null;
  allowances: CriuAllowances;
  /** In the place of those that were saved: `apparmor:<profile>`, `selinux:<label>`. */
  lsmProfile?: string;
  /** In the place of the context that mounts were saved with (SELinux). */
  lsmMountContext?: string;
  handlers: CriuNotifyHandlers;
  /** Told of each question of CRIU. */
  observe?: EffectObserver;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Restores; the tree's root becomes a child of CRIU's parent. Returns its pid. */
export async function restore(
  kernel: Kernel,
  client: CriuClient,
  request: CriuRestoreRequest,
): Promise<{ pid: number; statistics: CriuRestoreStatistics | null }> {
  const { operation } = request;
  const log = { logFile: path.join(request.workDirectory, RESTORE_LOG), keptLogFile: request.keptLogFile };
  const images = openDirectory(kernel, request.imagesDirectory);
  const work = openDirectory(kernel, request.workDirectory);
  try {
    const answer = await client.call(
      { type: 'RESTORE', opts: restoreOptions(request, images, work) },
      {
        operation,
        timeoutMs: request.timeoutMs,
        onNotify: dispatchNotify(request.handlers, request.observe),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
    );
    if (!answer.success) throw await failureOf(operation, answer, log);
    const pid = answer.restore?.pid ?? -1;
    if (pid <= 0) throw new CriuError({ operation, reason: 'criu answered without a pid' });
    return {
      pid,
      statistics: await readRestoreStatistics(path.join(request.workDirectory, 'stats-restore')),
    };
  } catch (error) {
    throw await withLog(error, operation, log);
  } finally {
    kernel.close(images);
    kernel.close(work);
  }
}

export function restoreOptions(request: CriuRestoreRequest, images: number, work: number): CriuOptions {
  return {
    images_dir_fd: images,
    work_dir_fd: work,
    evasive_devices: true,
    // Nothing less names the directory that a CRIU which is killed leaves in /tmp (mount-yard.ts).
    log_level: CRIU_LOG_LEVEL.debug,
    log_file: RESTORE_LOG,
    rst_sibling: true,
    root: request.root,
    ...variationOptions(request.variations ?? {}),
    notify_scripts: true,
    orphan_pts_master: true,
    ext_mnt: [...request.externalMounts],
    inherit_fd: [...request.inheritedFds],
    join_ns: [...request.joinedNamespaces],
    cg_root: [...request.cgroupRoots],
    // Storage that others made may have given `/` another mode; which files these are is checked by size and build id.
    skip_file_rwx_check: true,
    ...allowanceOptions(request.allowances),
    ...(request.cgroupYard === null ? {} : { cgroup_yard: request.cgroupYard }),
    ...(request.lsmProfile === undefined ? {} : { lsm_profile: request.lsmProfile }),
    ...(request.lsmMountContext === undefined ? {} : { lsm_mount_context: request.lsmMountContext }),
  };
}

function openDirectory(kernel: Kernel, directory: string): number {
  return kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY });
}
