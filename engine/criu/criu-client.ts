import { hasErrno, nativeProgram, SIGKILL, SOCK_SEQPACKET } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { CriuRequest, CriuResponse } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { CriuError } from './criu-error.ts';
import type { CriuNotifyHandler } from './criu-notify.ts';
import { decodeResponse, encodeRequest } from './rpc-codec.ts';
import { criuEnvironment } from './tar-shortcut.ts';

/** Answers are below 40 KiB; one that fills this is refused by recvmsg with EMSGSIZE. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** The place of the socket among CRIU's descriptors, after its stdio. */
export const CRIU_RPC_PLACE = 3;

export interface CriuCallOptions {
  /** For errors: `dump container/web`. */
  operation: string;
  /** For the whole call; CRIU is killed after it. */
  timeoutMs: number;
  signal?: AbortSignal;
  onNotify?: CriuNotifyHandler;
}

/** One conversation with a `criu swrk`. */
export interface CriuClient {
  /** Sends one request, answers the questions that come before the answer, and returns that: also one without success. */
  call(request: CriuRequest, options: CriuCallOptions): Promise<CriuResponse>;
  close(): void;
}

/**
 * Speaks over our end of the socket pair. `kill` ends CRIU when a call goes over its time or is given up; the call then fails
 * when CRIU's end of the socket closes.
 */
export function createCriuClient(kernel: Kernel, socket: number, kill: () => void): CriuClient {
  let open = true;
  return {
    async call(request, options) {
      if (options.signal?.aborted === true) throw givenUp(options);
      const guard = guardCall(options, kill);
      try {
        send(kernel, socket, request, options);
        const answer = await converse(kernel, socket, options);
        const failure = guard.failure();
        // It was done before it could be killed: too late all the same.
        if (failure !== null) throw failure;
        return answer;
      } catch (error) {
        throw guard.failure() ?? error;
      } finally {
        guard.end();
      }
    },
    close() {
      if (open) kernel.close(socket);
      open = false;
    },
  };
}

/** Kills CRIU at the deadline or on abort, and knows why it did. */
function guardCall(
  options: CriuCallOptions,
  kill: () => void,
): { failure: () => EngineError | null; end: () => void } {
  let failure: EngineError | null = null;
  const timer = setTimeout(() => {
    failure = new CriuError({
      operation: options.operation,
      reason: `criu was not done after ${String(options.timeoutMs)} ms; killed`,
      code: 'TIMED_OUT',
    });
    kill();
  }, options.timeoutMs);
  const onAbort = (): void => {
    failure = givenUp(options);
    kill();
  };
  options.signal?.addEventListener('abort', onAbort);
  return {
    failure: () => failure,
    end: () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    },
  };
}

function givenUp(options: CriuCallOptions): EngineError {
  return new EngineError('ABORTED', `${options.operation}: given up`, { cause: options.signal?.reason });
}

async function converse(kernel: Kernel, socket: number, options: CriuCallOptions): Promise<CriuResponse> {
  let vetoed: unknown = null;
  for (;;) {
    const { response, fds } = await receive(kernel, socket, options);
    if (response.type !== 'NOTIFY') {
      for (const fd of fds) kernel.close(fd);
      if (vetoed !== null) throw vetoed as Error;
      return response;
    }
    try {
      await options.onNotify?.({
        script: response.notify?.script ?? '',
        pid: response.notify?.pid ?? null,
        fds,
      });
    } catch (error) {
      vetoed = error instanceof Error ? error : new Error(String(error));
    } finally {
      for (const fd of fds) kernel.close(fd);
    }
    send(kernel, socket, { type: 'NOTIFY', notify_success: vetoed === null }, options);
  }
}

function send(kernel: Kernel, socket: number, request: CriuRequest, options: CriuCallOptions): void {
  const message = encodeRequest(request);
  try {
    kernel.sendmsg(socket, message, []);
  } catch (error) {
    throw hasErrno(error, 'EPIPE', 'ECONNRESET') ? died(options, error) : error;
  }
}

async function receive(
  kernel: Kernel,
  socket: number,
  options: CriuCallOptions,
): Promise<{ response: CriuResponse; fds: number[] }> {
  let message;
  try {
    message = await kernel.recvmsg(socket, MAX_MESSAGE_BYTES, -1);
  } catch (error) {
    throw hasErrno(error, 'ECONNRESET') ? died(options, error) : error;
  }
  if (message.data.length === 0) throw died(options);
  return { response: decodeResponse(message.data), fds: message.fds };
}

function died(options: CriuCallOptions, cause?: unknown): CriuError {
  return new CriuError({ operation: options.operation, reason: 'criu ended before it had answered', cause });
}

/** A `criu swrk` that is a child of ours. */
export interface CriuProcess extends CriuClient {
  readonly pid: number;
  /** Closes the socket, which ends an idle CRIU, and waits for its end. */
  end(): Promise<void>;
}

/** What CRIU gets besides its socket, all of it if need be. */
export interface CriuAids {
  /** The file with what it knows of this kernel, for a /run of its own; null where it keeps that itself. */
  knowledge?: string | null;
  /** A directory with programs that it is to find first. */
  shortcut?: string | null;
  /** A shared object that it is to load first. */
  preload?: string | null;
  descriptors?: CriuDescriptors;
}

/** Descriptors of ours, which it hands on to what it restores. */
export interface CriuDescriptors {
  /** Default: /dev/null three times. */
  stdio: readonly [number | null, number | null, number | null];
  /** Become 4, 5, … */
  others: readonly number[];
}

const NO_DESCRIPTORS: CriuDescriptors = { stdio: [null, null, null], others: [] };

/** Starts `criu swrk`. */
export function spawnCriu(
  kernel: Kernel,
  criu: string,
  { knowledge = null, shortcut = null, preload = null, descriptors = NO_DESCRIPTORS }: CriuAids = {},
): CriuProcess {
  const place = String(CRIU_RPC_PLACE);
  const command =
    knowledge === null
      ? [criu, 'swrk', place]
      : [
          nativeProgram('tsctr-restore'),
          `--criu=${criu}`,
          `--rpc=${place}`,
          `--private-run=${knowledge}`,
          'exec',
        ];
  const [ours, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  let child;
  try {
    child = kernel.spawn({
      file: command[0] ?? criu,
      args: command,
      env: Object.entries(criuEnvironment(shortcut, preload)).map(([name, value]) => `${name}=${value}`),
      fds: [...descriptors.stdio, theirs, ...descriptors.others],
      newProcessGroup: true,
    });
  } catch (error) {
    kernel.close(ours);
    throw error;
  } finally {
    // Only CRIU may hold its end: then its death is the end of our receiving.
    kernel.close(theirs);
  }
  const { pid, pidfd } = child;
  // Copies of a CRIU that was killed hold its end of the socket: nobody would ever see the end.
  const ended = kernel.waitChild(pidfd).then((exit) => {
    if (exit.code !== 0) killGroup(kernel, pid);
  });
  const client = createCriuClient(kernel, ours, () => {
    killGroup(kernel, pid);
  });
  return {
    ...client,
    pid,
    async end() {
      client.close();
      await ended;
      kernel.close(pidfd);
    },
  };
}

function killGroup(kernel: Kernel, pid: number): void {
  try {
    kernel.kill(-pid, SIGKILL);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}
