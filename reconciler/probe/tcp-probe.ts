import net from 'node:net';
import { startDeadline } from './deadline.ts';
import type { ProbeResult } from './probe-result.ts';

/** Success is a connection, which is closed again at once. */
export function checkTcp(place: {
  host: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<ProbeResult> {
  const { host, port, timeoutMs } = place;
  const deadline = startDeadline(place.signal, timeoutMs);
  const { signal } = deadline;
  const result = new Promise<ProbeResult>((resolve) => {
    const socket = net.connect({ host, port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve({ isSuccess: true, message: 'connected' });
    });
    socket.on('error', (error) => {
      const message = deadline.isOver() ? `no connection within ${String(timeoutMs)} ms` : error.message;
      resolve({ isSuccess: false, message });
    });
  });
  return result.finally(() => {
    deadline.end();
  });
}
