import { readFile, readdir, readlink } from 'node:fs/promises';

/** What /proc says of one process; fields that could not be read are empty. */
export interface ProcessEntry {
  pid: number;
  name: string;
  state: string;
  parentPid: number;
  /** Arguments, empty for kernel threads and zombies. */
  args: string[];
  /** Lines of proc_pid_cgroup(5): `hierarchy:controllers:path`. */
  cgroups: string[];
  workingDirectory: string;
  /** `NAME=value`, as they were when its program began. */
  environment: string[];
}

/** All processes; one that ends meanwhile is left out. */
export async function readProcessTable(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(pids.map(readProcess));
  return entries.filter((entry) => entry !== null);
}

async function readProcess(pid: number): Promise<ProcessEntry | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const [args, cgroups, workingDirectory, environment] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''),
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
  ]);
  const [state = '', parentPid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    state,
    parentPid: Number(parentPid),
    args: args.split('\0').slice(0, -1),
    cgroups: cgroups.trimEnd().split('\n'),
    workingDirectory,
    environment: environment.split('\0').slice(0, -1),
  };
}

const KERNEL_THREADS_PARENT = 2;

export function isKernelThread(entry: ProcessEntry): boolean {
  return entry.pid === KERNEL_THREADS_PARENT || entry.parentPid === KERNEL_THREADS_PARENT;
}
