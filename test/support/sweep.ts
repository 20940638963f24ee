import { execFile } from 'node:child_process';
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cgroupDirectories, readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import { parentCgroups } from '../../engine/cgroup/cgroup-path.ts';
import { isBeneath, readMountTable } from './mount-table.ts';
import { readProcessTable } from './process-table.ts';
import type { ProcessEntry } from './process-table.ts';
import { INSTANCE_VARIABLE } from './tsctr.ts';
import { until } from './until.ts';

const runProgram = promisify(execFile);

/**
 * Takes away everything that instances of tsctr below `directory` have left on the host: processes (monitors, containers,
 * daemons), mounts, cgroups, and the directory itself. Touches nothing else. `runDirectories`: run
 * directories that may be gone by now. Returns in words what it found, files apart.
 */
export async function sweep(directory: string, runDirectories: readonly string[] = []): Promise<string[]> {
  const candidates = new Set([...runDirectories, ...(await directoriesBelow(directory, 2))]);
  const cgroups = [...candidates].flatMap(cgroupsOf);
  const found: string[] = [];
  found.push(...(await killProcesses((entry) => belongsTo(entry, directory, cgroups))));
  found.push(...(await unmountBeneath(directory)));
  for (const cgroup of cgroups) found.push(...(await removeCgroups(cgroup)));
  await rm(directory, { recursive: true, force: true });
  return found;
}

/** The top cgroups of the instance with that run directory, whichever manager made them. */
export function cgroupsOf(run: string): string[] {
  return (['cgroupfs', 'systemd'] as const).flatMap((manager) => parentCgroups({ run, manager }, null));
}

/** True for what an instance below `directory` has started, with all that this has started. */
export function belongsTo(entry: ProcessEntry, directory: string, cgroups: readonly string[]): boolean {
  if (entry.pid === process.pid) return false;
  return (
    isBeneath(directory, entry.workingDirectory) ||
    entry.args.some((arg) => arg === directory || arg.includes(`${directory}/`)) ||
    entry.environment.some((variable) => variable.startsWith(`${INSTANCE_VARIABLE}=${directory}/`)) ||
    entry.cgroups.some((line) => cgroups.some((cgroup) => isBeneath(cgroup, line.split(':')[2] ?? '')))
  );
}

async function killProcesses(isMeant: (entry: ProcessEntry) => boolean): Promise<string[]> {
  const killed = new Map<number, string>();
  await until(
    async () => {
      const alive = (await readProcessTable()).filter((entry) => isMeant(entry) && entry.state !== 'Z');
      for (const { pid, name } of alive) {
        killed.set(pid, `process ${pid} (${name})`);
        kill(pid);
      }
      return alive.length === 0;
    },
    { what: 'the processes that a test left behind are gone' },
  );
  return [...killed.values()];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function unmountBeneath(directory: string): Promise<string[]> {
  const mountPoints = (await readMountTable())
    .map((entry) => entry.mountPoint)
    .filter((mountPoint) => isBeneath(directory, mountPoint));
  for (const mountPoint of mountPoints.toReversed()) await runProgram('umount', ['--lazy', mountPoint]);
  return mountPoints.map((mountPoint) => `mount ${mountPoint}`);
}

async function removeCgroups(cgroup: string): Promise<string[]> {
  const found: string[] = [];
  for (const top of cgroupDirectories(await readCgroupLayout(), cgroup)) {
    const below = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => null);
    if (below === null) continue;
    const directories = below
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
    // Children first; the longest names are the deepest.
    for (const directory of [...directories.sort((a, b) => b.length - a.length), top]) {
      await until(() => rmdir(directory).then(() => true), { what: `${directory} is empty` });
      found.push(`cgroup ${directory}`);
    }
  }
  return found;
}

async function directoriesBelow(directory: string, depth: number): Promise<string[]> {
  if (depth === 0) return [directory];
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(directory, entry.name));
  return [directory, ...(await Promise.all(below.map((name) => directoriesBelow(name, depth - 1)))).flat()];
}
