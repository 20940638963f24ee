import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { ContainerRequest, OciProcess } from '../../schemas/index.ts';
import type { ExecSession, ExecSessionOptions } from '../access.ts';
import type { EngineParts } from '../container/container-context.ts';
import { observeContainer } from '../container/observe-container.ts';
import { EngineError } from '../engine-error.ts';
import { readInRoot } from '../rootfs/read-in-root.ts';
import { serializeSpec } from '../spec/serialize-spec.ts';
import { resolveUser } from '../spec/user.ts';
import type { ResolvedUser } from '../spec/user.ts';
import { streamAttached } from './attach-stream.ts';
import { startExecMonitor } from './exec-monitor.ts';
import type { ExecMonitor } from './exec-monitor.ts';
import { execPaths } from './exec-paths.ts';
import type { ExecPaths } from './exec-paths.ts';
import { execProcessSpec } from './exec-process-spec.ts';
import { pruneSessions, readExitCode, writeNote } from './exec-sessions.ts';
import { MonitorControl } from './monitor-control.ts';

/** Starts a process in the running container, under a monitor of its own. What it needs lies below the bundle. */
export async function startExecSession(
  parts: EngineParts,
  request: ContainerRequest,
  options: ExecSessionOptions,
): Promise<ExecSession> {
  const what = `exec in container/${request.name}`;
  const pid = await runningPid(parts, request, what);
  const paths = parts.paths.container(request.id);
  await pruneSessions(paths, request.id);
  const id = randomBytes(32).toString('hex');
  const session = execPaths(paths, request.id, id);
  await mkdir(session.exits, { recursive: true, mode: 0o700 });
  try {
    const base = JSON.parse(await readFile(paths.config, 'utf8')) as { process: OciProcess };
    const user = options.user === undefined ? null : lookUpUser(parts, request, pid, options.user);
    await writeFile(session.processSpec, serializeSpec(execProcessSpec(base.process, options, user)), {
      mode: 0o600,
    });
    await writeNote(session, options.command);
    const monitor = await startExecMonitor(parts, {
      what,
      containerId: request.id,
      sessionId: id,
      paths: session,
      tty: options.tty === true,
      stdin: options.stdin === true,
      attach: options.detach !== true,
    });
    await setOomScore(monitor.pid, base.process.oomScoreAdj);
    return new RunningSession(parts, id, session, monitor);
  } catch (error) {
    await rm(session.directory, { recursive: true, force: true });
    throw error;
  }
}

/** crun leaves it as it finds it, unlike runc: as that of whoever asks, and the daemon is protected from being killed for memory. */
async function setOomScore(pid: number, score: number | undefined): Promise<void> {
  if (score === undefined) return;
  await writeFile(`/proc/${pid}/oom_score_adj`, String(score), { flag: 'r+' }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    // It has ended, or is as hard to kill as we may make it.
    if (code !== 'ENOENT' && code !== 'ESRCH' && code !== 'EACCES') throw error;
  });
}

async function runningPid(parts: EngineParts, request: ContainerRequest, what: string): Promise<number> {
  const { status, pid } = await observeContainer(parts, request);
  if (status === 'running' && pid !== null) return pid;
  throw new EngineError('BAD_REQUEST', `${what}: expected it to be running, it is ${status}`);
}

/** By the passwd and group that the processes inside see, mounts included. */
function lookUpUser(parts: EngineParts, request: ContainerRequest, pid: number, user: string): ResolvedUser {
  const root = `/proc/${pid}/root`;
  return resolveUser(
    {
      container: request.name,
      user,
      runAsUser: null,
      runAsGroup: null,
      runAsNonRoot: false,
      groups: [],
      imageUser: null,
    },
    readInRoot(parts.kernel, root, '/etc/passwd'),
    readInRoot(parts.kernel, root, '/etc/group'),
  );
}

class RunningSession implements ExecSession {
  readonly id: string;
  readonly pid: number;
  readonly #parts: EngineParts;
  readonly #paths: ExecPaths;
  readonly #monitor: ExecMonitor;
  readonly #pidfd: number | null;
  #attachSocket: number | null;
  #released = false;

  constructor(parts: EngineParts, id: string, paths: ExecPaths, monitor: ExecMonitor) {
    this.id = id;
    this.pid = monitor.pid;
    this.#parts = parts;
    this.#paths = paths;
    this.#monitor = monitor;
    this.#attachSocket = monitor.attachSocket;
    this.#pidfd = openPidfd(parts, monitor.pid);
  }

  async attach(streams: Parameters<ExecSession['attach']>[0]): ReturnType<ExecSession['attach']> {
    const socket = this.#attachSocket;
    if (socket === null) {
      throw new EngineError(
        'BAD_REQUEST',
        `attach to session ${this.id.slice(0, 12)}: it is detached or attached already`,
      );
    }
    this.#attachSocket = null;
    return streamAttached(this.#parts.kernel, socket, streams);
  }

  async resize(size: Parameters<ExecSession['resize']>[0]): Promise<void> {
    const control = await MonitorControl.open(this.#paths.directory);
    await control?.resize(size);
    await control?.close();
  }

  signal(signal: number): void {
    if (this.#pidfd === null || this.#released) return;
    try {
      this.#parts.kernel.pidfdSendSignal(this.#pidfd, signal);
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }

  async wait(): Promise<number> {
    const line = await this.#monitor.messages.next();
    const message = line === null ? null : (JSON.parse(line) as { data: number });
    const code = message?.data ?? (await readExitCode(this.#paths)) ?? -1;
    this.release();
    await rm(this.#paths.directory, { recursive: true, force: true });
    return code;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#monitor.messages.close();
    if (this.#pidfd !== null) this.#parts.kernel.close(this.#pidfd);
    if (this.#attachSocket !== null) this.#parts.kernel.close(this.#attachSocket);
    this.#attachSocket = null;
  }
}

/** Null when it has ended already. */
function openPidfd({ kernel }: EngineParts, pid: number): number | null {
  try {
    return kernel.pidfdOpen(pid, 0);
  } catch (error) {
    if (hasErrno(error, 'ESRCH')) return null;
    throw error;
  }
}
