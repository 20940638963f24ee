import { readFile, stat } from 'node:fs/promises';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { ContainerProcess } from '../access.ts';
import { cgroupMembers } from '../cgroup/cgroup-members.ts';
import type { EngineParts } from './container-context.ts';

/** Clock ticks of /proc are hundredths of a second on every architecture that Debian has (time(7)). */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

/** The container's processes, those of exec sessions included, in the order of pids. */
export async function listProcesses(
  parts: EngineParts,
  request: ContainerRequest,
): Promise<ContainerProcess[]> {
  const pids = cgroupMembers(parts, request);
  const bootedAtMs = await readBootTimeMs();
  const processes = await Promise.all(pids.map((pid) => readProcess(pid, bootedAtMs)));
  return processes.filter((entry) => entry !== null).sort((a, b) => a.pid - b.pid);
}

/** Null when it has ended meanwhile. */
async function readProcess(pid: number, bootedAtMs: number): Promise<ContainerProcess | null> {
  const directory = `/proc/${pid}`;
  try {
    const [statText, status, commandLine, { uid }] = await Promise.all([
      readFile(`${directory}/stat`, 'utf8'),
      readFile(`${directory}/status`, 'utf8'),
      readFile(`${directory}/cmdline`, 'utf8'),
      stat(directory),
    ]);
    const fields = parseStat(statText);
    const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    return {
      pid,
      innerPid: Number(pids.at(-1) ?? pid),
      parentPid: fields.parentPid,
      uid,
      state: fields.state,
      cpuMs: fields.cpuTicks * MS_PER_TICK,
      residentBytes: fields.residentPages * PAGE_BYTES,
      startedAt: new Date(bootedAtMs + fields.startTicks * MS_PER_TICK).toISOString(),
      command:
        commandLine === '' ? `[${fields.name}]` : commandLine.replace(/\0+$/, '').replaceAll('\0', ' '),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

interface StatFields {
  name: string;
  state: string;
  parentPid: number;
  cpuTicks: number;
  startTicks: number;
  residentPages: number;
}

/** proc_pid_stat(5); the name stands in parentheses and may hold anything. */
export function parseStat(text: string): StatFields {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  // Numbered from 3, the state, as in the manual page.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '?',
    parentPid: field(4),
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
    residentPages: field(24),
  };
}

async function readBootTimeMs(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8');
  return Number(/^btime (\d+)$/m.exec(text)?.[1] ?? 0) * 1000;
}
