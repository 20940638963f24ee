import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ContainerExit } from '../../schemas/index.ts';
import type { ContainerPaths } from '../host-paths.ts';
import { readProcess } from './container-process.ts';
import type { ExitWatcher } from './exit-watcher.ts';
import { wasKilledForMemory } from './oom-kill.ts';
import { readAtOnce } from '../read-at-once.ts';

/** How long conmon may take from the end of the process to its exit file before it counts as gone. */
export const EXIT_FILE_TIMEOUT_MS = 5_000;

/** What conmon says of a process that SIGKILL has ended: 128 and the number of the signal. */
const KILLED = 137;

/** What the exit file of conmon says; null when there is none. The time is that of the file. */
export async function readExit(paths: ContainerPaths): Promise<ContainerExit | null> {
  try {
    const number = Number.parseInt(await readAtOnce(paths.exitFile), 10);
    const code = Number.isNaN(number) ? -1 : number;
    return {
      code,
      finishedAt: statSync(paths.exitFile).mtime.toISOString(),
      oomKilled: await isOomKilled(paths, code),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** By conmon's mark, or else by the kernel's log. */
async function isOomKilled(paths: ContainerPaths, code: number): Promise<boolean> {
  if (existsSync(path.join(paths.persist, 'oom'))) return true;
  if (code !== KILLED) return false;
  const first = await readProcess(paths);
  return first !== null && wasKilledForMemory(path.basename(paths.exitFile), first.pid);
}

/**
 * The exit of a process that has ended: waits for conmon's file, told by inotify. A missing one after 5 s means that the
 * monitor is gone, and exit code -1.
 */
export async function awaitExit(
  id: string,
  paths: ContainerPaths,
  exits: ExitWatcher,
  timeoutMs = EXIT_FILE_TIMEOUT_MS,
): Promise<ContainerExit> {
  await awaitExitFile(id, paths, exits, timeoutMs);
  return (await readExit(paths)) ?? { code: -1, finishedAt: new Date().toISOString(), oomKilled: false };
}

/** Waits for that file, or for the time, where it is known why the process has ended: to ask the kernel's log of it takes its time. */
export async function awaitExitFile(
  id: string,
  paths: ContainerPaths,
  exits: ExitWatcher,
  timeoutMs = EXIT_FILE_TIMEOUT_MS,
): Promise<void> {
  if (hasExitFile(paths)) return;
  let wake = (): void => undefined;
  const appeared = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const timer = setTimeout(wake, timeoutMs);
  const unsubscribe = await exits.subscribe((other) => {
    if (other === id) wake();
  });
  try {
    // It may have appeared between the first look and the subscription.
    if (!hasExitFile(paths)) await appeared;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}

/** conmon renames it into its place when it is complete. */
export function hasExitFile({ exitFile }: Pick<ContainerPaths, 'exitFile'>): boolean {
  return existsSync(exitFile);
}
