import net from 'node:net';
import { SIGKILL } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';

/** A program to run to its end. No shell: `file` is an absolute path and `args` are what it gets. */
export interface Command {
  file: string;
  /** argv without argv[0]. */
  args: readonly string[];
  /** The whole environment. Default: PATH and HOME of tsctr alone. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Given on standard input; default: /dev/null. */
  input?: string | Uint8Array;
  /** Kills the whole process group and ends with ABORTED. */
  signal?: AbortSignal;
  /** Kills the whole process group and ends with TIMED_OUT. */
  timeoutMs?: number;
  /** Bytes kept of each of stdout and stderr; the rest is read and dropped. Default: 1 MiB. */
  maxOutputBytes?: number;
  onStdout?: (chunk: Buffer) => void;
}

export interface CommandResult {
  exitCode: number | null;
  /** Number of the signal that ended it. */
  signal: number | null;
  stdout: Buffer;
  stderr: string;
}

export type RunCommand = (command: Command) => Promise<CommandResult>;

const DEFAULT_MAX_OUTPUT_BYTES = 1 << 20;
/** After the end of the program, how long a stray grandchild may keep its output open before it is cut off. */
const OUTPUT_LINGER_MS = 200;

/**
 * Runs programs through `Kernel.spawn`, whose cost does not grow with the size of this process as that of
 * `child_process.spawn` does, each in a process group of its own, so that nothing of it outlives a time-out.
 */
export function createRunCommand(kernel: Kernel): RunCommand {
  return async (command) => {
    if (command.signal?.aborted === true) throw aborted(command);
    const input = command.input === undefined ? null : kernel.pipe2(0);
    const output = kernel.pipe2(0);
    const errors = kernel.pipe2(0);
    const child = spawnClosing(
      kernel,
      command,
      [input?.[0] ?? null, output[1], errors[1]],
      [...(input === null ? [] : [input[1]]), output[0], errors[0]],
    );

    let killedBy: 'timeout' | 'abort' | null = null;
    const killGroup = (why: 'timeout' | 'abort') => (): void => {
      killedBy = why;
      try {
        kernel.kill(-child.pid, SIGKILL);
      } catch {
        // It has just ended by itself.
      }
    };
    const onAbort = killGroup('abort');
    const timer =
      command.timeoutMs === undefined ? null : setTimeout(killGroup('timeout'), command.timeoutMs);
    command.signal?.addEventListener('abort', onAbort);
    try {
      const limit = command.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
      const stdout = collect(output[0], limit, command.onStdout);
      const stderr = collect(errors[0], limit);
      if (input !== null) feed(input[1], command.input ?? '');
      const exit = await kernel.waitChild(child.pidfd);
      // From here on the pid may be somebody else's, and what it did it did in time.
      if (timer !== null) clearTimeout(timer);
      command.signal?.removeEventListener('abort', onAbort);
      const linger = setTimeout(() => {
        // Where this process did not get its turn all that time, what the program has written is yet to be read: timers come before that.
        setImmediate(() => {
          stdout.cut();
          stderr.cut();
        });
      }, OUTPUT_LINGER_MS);
      const [out, err] = await Promise.all([stdout.done, stderr.done]);
      clearTimeout(linger);
      // Assigned by the callbacks above, which control flow analysis does not see.
      const why = killedBy as 'timeout' | 'abort' | null;
      if (why === 'abort') throw aborted(command);
      if (why === 'timeout') {
        throw new EngineError(
          'TIMED_OUT',
          `run ${command.file}: no end after ${String(command.timeoutMs)} ms; killed`,
        );
      }
      return { exitCode: exit.code, signal: exit.signal, stdout: out, stderr: err.toString('utf8') };
    } finally {
      if (timer !== null) clearTimeout(timer);
      command.signal?.removeEventListener('abort', onAbort);
      kernel.close(child.pidfd);
    }
  };
}

function aborted(command: Command): EngineError {
  return new EngineError('ABORTED', `run ${command.file}: given up`, { cause: command.signal?.reason });
}

/** Spawns; closes the child's ends in any case, and ours too when it fails. */
function spawnClosing(
  kernel: Kernel,
  command: Command,
  childFds: readonly (number | null)[],
  ourFds: readonly number[],
): { pid: number; pidfd: number } {
  try {
    return kernel.spawn({
      file: command.file,
      args: [command.file, ...command.args],
      env: Object.entries(command.env ?? ownEnvironment()).map(([name, value]) => `${name}=${value}`),
      fds: childFds,
      newProcessGroup: true,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    });
  } catch (error) {
    for (const fd of ourFds) kernel.close(fd);
    throw error;
  } finally {
    for (const fd of childFds) if (fd !== null) kernel.close(fd);
  }
}

/** What every program of ours gets: enough to find its own helpers, nothing of the caller's secrets. */
export function ownEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: process.env['HOME'] ?? '/root',
  };
}

function feed(fd: number, data: string | Uint8Array): void {
  const socket = new net.Socket({ fd, readable: false, writable: true });
  // A program that does not read its input to the end is not an error of ours.
  socket.on('error', () => undefined);
  socket.end(data);
}

function collect(
  fd: number,
  limit: number,
  onChunk?: (chunk: Buffer) => void,
): { done: Promise<Buffer>; cut: () => void } {
  const socket = new net.Socket({ fd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  let kept = 0;
  socket.on('data', (chunk: Buffer) => {
    onChunk?.(chunk);
    const room = limit - kept;
    if (room <= 0) return;
    chunks.push(chunk.subarray(0, room));
    kept += Math.min(room, chunk.length);
  });
  const done = new Promise<Buffer>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
  });
  return { done, cut: () => socket.destroy() };
}
