import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { ExecOptions, ExecResult } from '../contract/container-engine.ts';
import { execDirectory } from '../exec/exec-paths.ts';
import { killExec } from '../exec/kill-exec.ts';
import type { EngineParts } from './container-context.ts';

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024;
/** How long the runtime may take to notice that the process inside is dead, before it is killed as well. */
const RUNTIME_GRACE_MS = 2_000;

/** Runs a command as the container's own user in its environment and working directory, and waits for it. */
export async function execInContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: ExecOptions,
): Promise<ExecResult> {
  const directory = execDirectory(parts.paths.container(request.id));
  await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  const pidFile = path.join(directory, `probe-${randomBytes(6).toString('hex')}.pid`);
  let endedBy: 'time-out' | 'abort' | null = null;
  let isOver = false;
  const end = (why: 'time-out' | 'abort') => (): void => {
    if (endedBy === null) void killUntil(() => isOver, parts, request, pidFile);
    endedBy ??= why;
  };
  const onAbort = end('abort');
  const timer = setTimeout(end('time-out'), options.timeoutMs);
  options.signal?.addEventListener('abort', onAbort);
  try {
    options.signal?.throwIfAborted();
    const result = await parts.runCommand({
      file: parts.runtime.programOf(request.id),
      args: [...parts.runtime.globalArgs, 'exec', '--pid-file', pidFile, request.id, ...options.command],
      timeoutMs: options.timeoutMs + RUNTIME_GRACE_MS,
      maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    });
    // Assigned by the callbacks above, which control flow analysis does not see.
    const why = endedBy as 'time-out' | 'abort' | null;
    if (why === 'abort') throw givenUp(request, options);
    const output = result.stdout.toString('utf8') + result.stderr;
    if (why === 'time-out') return { exitCode: -1, output, timedOut: true };
    return { exitCode: result.exitCode ?? 128 + (result.signal ?? 0), output, timedOut: false };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'TIMED_OUT') {
      return { exitCode: -1, output: error.message, timedOut: true };
    }
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    await rm(pidFile, { force: true });
  }
}

/** Again and again, because the runtime may not have put the process into the container yet. */
async function killUntil(
  isOver: () => boolean,
  parts: EngineParts,
  request: ContainerRequest,
  pidFile: string,
): Promise<void> {
  while (!isOver()) {
    // What cannot be killed now, or read, is tried again; the end of the runtime has a limit of its own.
    await killExec(parts, request, pidFile).catch(() => undefined);
    await sleep(KILL_STEP_MS);
  }
}

const KILL_STEP_MS = 10;

function givenUp({ name }: ContainerRequest, { signal }: ExecOptions): EngineError {
  return new EngineError('ABORTED', `exec in container/${name}: given up`, { cause: signal?.reason });
}
