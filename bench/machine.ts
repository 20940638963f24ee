import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import type { Bench } from './bench.ts';
import { PODMAN } from './peers/podman.ts';

/** Where and when a run took place. */
export interface Machine {
  date: string;
  cpus: string;
  memoryGiB: number;
  kernel: string;
  loadAverageBefore: readonly number[];
  loadAverageAfter: readonly number[];
  versions: Readonly<Record<string, string>>;
}

export function describeMachine({ tsctr, runtime }: Pick<Bench, 'tsctr' | 'runtime'>): Machine {
  const programs = { tsctr: tsctr.program, podman: PODMAN, runc: runtime, conmon: 'conmon' };
  const load = loadavg().map((value) => Number(value.toFixed(2)));
  const versions = Object.entries(programs).map(([name, file]) => [name, versionOf(file)] as const);
  return {
    date: new Date().toISOString(),
    cpus: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadAverageBefore: load,
    loadAverageAfter: load,
    versions: { node: process.version.slice(1), ...Object.fromEntries(versions) },
  };
}

export function withLoadAfter(machine: Machine): Machine {
  return { ...machine, loadAverageAfter: loadavg().map((value) => Number(value.toFixed(2))) };
}

function versionOf(file: string): string {
  const text = execFileSync(file, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? 'unknown';
}
