import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunCommand } from '../process/run-command.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import { monitorUnit, parentCgroups } from './cgroup-path.ts';
import type { CgroupOwner } from './cgroup-path.ts';

/**
 * The scope of systemd that the monitors of one instance are in. In the cgroup of whoever starts them they would be counted as part
 * of the daemon's unit, or of somebody's session, and be in danger when that ends.
 */
export interface MonitorScope {
  readonly unit: string;
  /** Puts a process into the scope, which comes with its first process and goes with its last. */
  admit(pid: number): Promise<void>;
}

export interface MonitorScopeOptions {
  owner: CgroupOwner;
  layout: CgroupLayout;
  /** busctl(1), which asks systemd for the scope; null when it is missing. */
  busctl: string | null;
  runCommand: RunCommand;
  /** Default: /proc. */
  proc?: string;
}

/** Null where systemd does not make the cgroups. */
export function createMonitorScope(options: MonitorScopeOptions): MonitorScope | null {
  const { owner, layout, busctl } = options;
  if (owner.manager !== 'systemd' || layout.unified === null || busctl === null) return null;
  const unit = monitorUnit(owner);
  const [slice = '/'] = parentCgroups(owner, null);
  const procs = path.join(layout.unified, slice, unit, 'cgroup.procs');
  return {
    unit,
    async admit(pid) {
      const deadline = performance.now() + ADMIT_TIMEOUT_MS;
      // systemd has left the scope to us (Delegate): only one that is not there has to be asked for. Between two looks another
      // process may have made it, or its last one may have ended.
      while (!enter(procs, pid)) {
        const refusal = await startScope(options, { busctl, unit, slice: path.basename(slice), pid });
        if (refusal === null && (await hasEntered(options, unit, pid, deadline))) return;
        if (refusal !== null && !/already (exists|loaded)/i.test(refusal)) {
          throw new Error(`make ${unit}: ${refusal}`);
        }
        if (performance.now() > deadline) throw new Error(`make ${unit}: systemd did not do so in time`);
        await pause();
      }
    },
  };
}

const ADMIT_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 2;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

/** False when there is no such cgroup, or it is being removed. */
function enter(procs: string, pid: number): boolean {
  try {
    writeFileSync(procs, String(pid), { flag: 'r+' });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENODEV') throw error;
    return false;
  }
}

/** org.freedesktop.systemd1(5), StartTransientUnit. Returns what systemd has against it. */
async function startScope(
  { runCommand }: MonitorScopeOptions,
  { busctl, unit, slice, pid }: { busctl: string; unit: string; slice: string; pid: number },
): Promise<string | null> {
  const properties = [
    ['Description', 's', 'Monitors of the containers of tsctr'],
    ['Slice', 's', slice],
    ['PIDs', 'au', '1', String(pid)],
    ['Delegate', 'b', 'true'],
    ['CollectMode', 's', 'inactive-or-failed'],
    ['TasksMax', 't', String(2n ** 64n - 1n)],
    // A host that shuts down ends the containers first, each by its own signal: then the monitors have gone by themselves.
    ['DefaultDependencies', 'b', 'false'],
    ['Before', 'as', '1', 'tsctr-shutdown.service'],
  ];
  const result = await runCommand({
    file: busctl,
    args: [
      ...['--system', '--quiet', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1'],
      ...['org.freedesktop.systemd1.Manager', 'StartTransientUnit', 'ssa(sv)a(sa(sv))', unit, 'fail'],
      ...[String(properties.length), ...properties.flat(), '0'],
    ],
    timeoutMs: ADMIT_TIMEOUT_MS,
  });
  return result.exitCode === 0 ? null : result.stderr.trim() || 'busctl failed without a word';
}

/** systemd answers before it has moved the process. */
async function hasEntered(
  { proc = '/proc' }: MonitorScopeOptions,
  unit: string,
  pid: number,
  deadline: number,
): Promise<boolean> {
  while (performance.now() < deadline) {
    const cgroup = readFileSync(path.join(proc, String(pid), 'cgroup'), 'utf8');
    if (cgroup.trimEnd().endsWith(`/${unit}`)) return true;
    await pause();
  }
  return false;
}
