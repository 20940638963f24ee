import { existsSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import type { RunCommand } from '../../process/run-command.ts';
import { programIdentity } from '../../process/program-identity.ts';
import { readStartTicks } from '../../process/process-identity.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import { writeVolatile } from '../../volatile-file.ts';

/** The process that a runtime's state is to be about. */
export interface RuntimeProcess {
  pid: number;
  /** Field 22 of proc_pid_stat(5). */
  startTicks: number;
  /** What 0, 1 and 2 are. */
  descriptors: readonly string[];
}

export async function describeProcess(pid: number): Promise<RuntimeProcess> {
  const descriptors = [0, 1, 2].map((fd) => targetOf(`/proc/${String(pid)}/fd/${String(fd)}`));
  return { pid, startTicks: (await readStartTicks(pid)) ?? 0, descriptors };
}

/** Where a link leads; nowhere when it is not there. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

/**
 * Points the runtime's state of a container at another process, so that exec, kill, pause, update and delete act on it. The
 * text is changed and not parsed and written: it holds 64-bit numbers that JSON.parse would round. Done at once: the processes stand
 * still meanwhile, and it is memory.
 */
export function adoptProcess(directory: string, process: RuntimeProcess): void {
  const runc = path.join(directory, 'state.json');
  const crun = path.join(directory, 'status');
  const file = existsSync(runc) ? runc : crun;
  const text = readFileSync(file, 'utf8');
  const changed = file === runc ? changeRuncState(text, process) : changeCrunStatus(text, process);
  const temporary = `${file}.new`;
  writeVolatile(temporary, changed, 0o600);
  renameSync(temporary, file);
  // Its existence means `created`.
  rmSync(path.join(directory, 'exec.fifo'), { force: true });
}

/** libcontainer's state, runc 1.1 to 1.3. */
export function changeRuncState(text: string, { pid, startTicks, descriptors }: RuntimeProcess): string {
  return replaceAll(text, 'state.json of runc', [
    [/"init_process_pid":\d+/, `"init_process_pid":${String(pid)}`],
    [/"init_process_start":\d+/, `"init_process_start":${String(startTicks)}`],
    [/"(NEW[A-Z]+)":"\/proc\/\d+\/ns\//g, `"$1":"/proc/${String(pid)}/ns/`],
    [
      /"external_descriptors":(?:null|\[(?:"(?:[^"\\]|\\.)*",?)*\])/,
      () => `"external_descriptors":${JSON.stringify(descriptors)}`,
    ],
  ]);
}

/** crun's status file, which has the descriptors as JSON in a string. */
export function changeCrunStatus(text: string, { pid, startTicks, descriptors }: RuntimeProcess): string {
  return replaceAll(text, 'status of crun', [
    [/"pid"\s*:\s*\d+/, `"pid": ${String(pid)}`],
    [/"process-start-time"\s*:\s*\d+/, `"process-start-time": ${String(startTicks)}`],
    [
      /"external_descriptors"\s*:\s*"(?:[^"\\]|\\.)*"/,
      () => `"external_descriptors": ${JSON.stringify(JSON.stringify(descriptors))}`,
    ],
  ]);
}

type Replacement = readonly [RegExp, string | (() => string)];

function replaceAll(text: string, what: string, replacements: readonly Replacement[]): string {
  let changed = text;
  for (const [pattern, replacement] of replacements) {
    if (changed.search(pattern) < 0) {
      throw new EngineError(
        'RUNTIME_FAILED',
        `change ${what}: found no ${pattern.source}; is this a newer runtime?`,
      );
    }
    changed =
      typeof replacement === 'string'
        ? changed.replace(pattern, replacement)
        : changed.replace(pattern, replacement);
  }
  return changed;
}

/**
 * Asks the runtime itself: it must see the process, running. What has been changed is in a form of the program's own, so that one that has
 * seen a process once since we have started is not asked again until it is another.
 */
export async function verifyRuntime(
  runCommand: RunCommand,
  runtime: Pick<OciRuntime, 'path' | 'globalArgs'>,
  id: string,
  pid: number,
): Promise<void> {
  const program = programIdentity(runtime.path);
  if (understoodBy.has(program)) return;
  const result = await runCommand({
    file: runtime.path,
    args: [...runtime.globalArgs, 'state', id],
    timeoutMs: 30_000,
  });
  const what = `verify ${id.slice(0, 12)} in ${path.basename(runtime.path)}`;
  if (result.exitCode !== 0) throw new EngineError('RUNTIME_FAILED', `${what}: ${result.stderr.trim()}`);
  const state = JSON.parse(result.stdout.toString('utf8')) as { status?: string; pid?: number };
  if (state.pid === pid && (state.status === 'running' || state.status === 'paused')) {
    understoodBy.add(program);
    return;
  }
  throw new EngineError(
    'RUNTIME_FAILED',
    `${what}: expected pid ${String(pid)} running, found pid ${String(state.pid)} ${String(state.status)}`,
  );
}

const understoodBy = new Set<string>();
