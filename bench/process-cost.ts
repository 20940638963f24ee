import { readFileSync } from 'node:fs';
import { readProcessTable } from '../test/support/process-table.ts';

/** Bytes of memory of a set of processes, each shared page divided by those who share it (PSS, proc_pid_smaps(5)). */
export function memoryBytes(pids: readonly number[]): number {
  const sizes = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? NaN) * 1024;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Per cent of one CPU that the processes use while `durationMs` pass. */
export async function cpuPercent(pids: readonly number[], durationMs: number): Promise<number> {
  const before = cpuTicks(pids);
  const startedMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const seconds = (performance.now() - startedMs) / 1000;
  return ((cpuTicks(pids) - before) / TICKS_PER_SECOND / seconds) * 100;
}

const TICKS_PER_SECOND = 100;

/** utime and stime: fields 14 and 15 of proc_pid_stat(5). */
function cpuTicks(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, value) => sum + value, 0);
}

/** The pids of all conmon processes that work below `directory`. */
export async function monitorsBelow(directory: string): Promise<number[]> {
  const table = await readProcessTable();
  return table
    .filter(({ name, args }) => name === 'conmon' && args.some((arg) => arg.startsWith(`${directory}/`)))
    .map(({ pid }) => pid);
}
