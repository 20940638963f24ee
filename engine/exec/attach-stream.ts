import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno, SOCK_SEQPACKET } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { AttachEnd, AttachStreams } from '../access.ts';
import { DetachFilter, parseDetachKeys } from './detach-keys.ts';

/** conmon's packets: one byte that names the stream, then at most 8192 bytes. */
const MAX_PACKET_BYTES = 8192 + 1;
const STDERR = 3;
/** What conmon reads at once of the input. */
const MAX_INPUT_BYTES = 8192;
/** sendmsg never waits; conmon empties its socket as fast as the process reads. */
const FULL_RETRY_MS = 5;

/** Connects to the attach socket of a monitor. The caller hands the descriptor to `streamAttached`, which closes it. */
export function connectAttach(kernel: Kernel, socketPath: string): number {
  return kernel.connectUnix(socketPath, SOCK_SEQPACKET);
}

/** Moves bytes between the monitor's attach socket and the streams, until the process ends or the reader detaches. */
export async function streamAttached(
  kernel: Kernel,
  socket: number,
  streams: AttachStreams,
): Promise<AttachEnd> {
  let open = true;
  // An object, because control flow analysis does not see what the callbacks assign.
  const state: { end: AttachEnd } = { end: 'ended' };
  const close = (): void => {
    if (!open) return;
    open = false;
    // Ends the reading below with EBADF.
    kernel.close(socket);
  };
  const detach = (): void => {
    state.end = 'detached';
    close();
  };
  streams.signal?.addEventListener('abort', detach);
  if (streams.signal?.aborted === true) detach();
  const stopInput =
    streams.stdin === null ? null : pumpInput(kernel, socket, streams.stdin, streams, () => open, detach);
  try {
    for (;;) {
      const data = await receive(kernel, socket, () => open);
      if (data === null) return state.end;
      const output = data[0] === STDERR ? streams.stderr : streams.stdout;
      if (!output.write(data.subarray(1))) await once(output, 'drain');
    }
  } finally {
    streams.signal?.removeEventListener('abort', detach);
    stopInput?.();
    close();
  }
}

/** The next packet; null when the monitor, or we, have closed the connection. */
async function receive(kernel: Kernel, socket: number, isOpen: () => boolean): Promise<Buffer | null> {
  if (!isOpen()) return null;
  try {
    const { data } = await kernel.recvmsg(socket, MAX_PACKET_BYTES, -1);
    return data.length === 0 ? null : data;
  } catch (error) {
    if (hasErrno(error, 'ECONNRESET') || (hasErrno(error, 'EBADF') && !isOpen())) return null;
    throw error;
  }
}

/** Sends what comes in, one piece after the other. Returns a function that ends that. */
function pumpInput(
  kernel: Kernel,
  socket: number,
  input: NodeJS.ReadableStream,
  streams: AttachStreams,
  isOpen: () => boolean,
  detach: () => void,
): () => void {
  const filter = new DetachFilter(parseDetachKeys(streams.detachKeys ?? ''));
  let sending = Promise.resolve();
  const enqueue = (task: () => Promise<void>): void => {
    // A monitor that has gone tells by its closed socket, which the reading side sees.
    sending = sending.then(task).catch(() => undefined);
  };
  const onData = (chunk: Buffer | string): void => {
    const { pass, detached } = filter.feed(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    input.pause();
    enqueue(async () => {
      await sendAll(kernel, socket, pass, isOpen);
      if (detached) detach();
      else if (isOpen()) input.resume();
    });
  };
  const onEnd = (): void => {
    enqueue(async () => {
      await sendAll(kernel, socket, filter.rest(), isOpen);
      // An empty packet is what conmon reads as the end of the input.
      if (isOpen()) await send(kernel, socket, Buffer.alloc(0), isOpen);
    });
  };
  input.on('data', onData);
  input.on('end', onEnd);
  return () => {
    input.off('data', onData);
    input.off('end', onEnd);
    input.pause();
  };
}

async function sendAll(kernel: Kernel, socket: number, data: Buffer, isOpen: () => boolean): Promise<void> {
  for (let at = 0; at < data.length; at += MAX_INPUT_BYTES) {
    await send(kernel, socket, data.subarray(at, at + MAX_INPUT_BYTES), isOpen);
  }
}

async function send(kernel: Kernel, socket: number, packet: Buffer, isOpen: () => boolean): Promise<void> {
  while (isOpen()) {
    try {
      kernel.sendmsg(socket, packet, []);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EAGAIN')) throw error;
      await sleep(FULL_RETRY_MS);
    }
  }
}
