import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, SIGKILL } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';
import { EngineError } from '../engine-error.ts';

interface RuncState {
  cgroup_paths?: Record<string, string>;
}

interface CrunStatus {
  'cgroup-path'?: string;
}

/**
 * The path, below the freezer's hierarchy, of the container's cgroup by the word of its runtime: its first process may have moved on
 * into one below it.
 */
export async function freezerCgroup(layout: CgroupLayout, stateDirectory: string): Promise<string | null> {
  const mount = layout.v1.get('freezer') ?? layout.unified;
  if (mount === null) return null;
  const runc = await readJson<RuncState>(path.join(stateDirectory, 'state.json'));
  const directory = runc?.cgroup_paths?.[layout.v1.has('freezer') ? 'freezer' : ''];
  if (directory?.startsWith(`${mount}/`) === true) return directory.slice(mount.length);
  const crun = await readJson<CrunStatus>(path.join(stateDirectory, 'status'));
  const below = crun?.['cgroup-path'];
  return below === undefined || below === '' ? null : path.join('/', below);
}

async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** `cgroup.procs` in each hierarchy, for the paths in proc_pid_cgroup(5) of a process that was there. */
export function procsFilesOf(
  layout: CgroupLayout,
  roots: readonly { ctrl?: string; path: string }[],
): string[] {
  const directories = roots.flatMap(({ ctrl = '', path: below }) => {
    const mount = ctrl === '' ? layout.unified : layout.v1.get(ctrl);
    return mount === null || mount === undefined ? [] : [path.join(mount, below)];
  });
  return [...new Set(directories)].map((directory) => path.join(directory, 'cgroup.procs'));
}

const TIMEOUT_MS = 10_000;
const STEP_MS = 5;

/** Kills what is in the cgroup until it is empty. */
export async function emptyProcs(kernel: Kernel, procsFile: string): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const pids = (await readFile(procsFile, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    if (pids.length === 0) return;
    if (performance.now() > deadlineMs) {
      throw new EngineError('TIMED_OUT', `end what is in ${procsFile}: processes do not die of SIGKILL`);
    }
    for (const pid of pids) killProcess(kernel, Number(pid));
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

function killProcess(kernel: Kernel, pid: number): void {
  try {
    kernel.kill(pid, SIGKILL);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}
