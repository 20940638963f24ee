import { constants, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import net from 'node:net';

/** The file below the runtime's state of a container that stands from create to start. */
export const START_GATE = 'exec.fifo';

/** How long the created process may take to come to the gate, milliseconds; it stands there since `create` has answered. */
const PATIENCE_MS = 2_000;

/**
 * Does what `runc start` does, without the 5 to 12 ms that a process costs: the created process waits until somebody opens the FIFO for
 * reading, writes one byte into it, and executes what it was told to. The FIFO is removed then, which is how runc knows a running
 * container from a created one (libcontainer, `container_linux.go`: `exec`, `runType`). False when the process did not come, or when
 * there is no gate: then the runtime's own `start` says why.
 */
export async function openStartGate(gate: string): Promise<boolean> {
  let fd: number;
  try {
    // Without O_NONBLOCK it would block until there is a writer, and for ever when the process is dead.
    fd = openSync(gate, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (!(await receivesByte(fd))) return false;
  await unlink(gate);
  return true;
}

/** Closes `fd` in any case. */
function receivesByte(fd: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new net.Socket({ fd, readable: true, writable: false });
    const finish = (received: boolean) => (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    const timer = setTimeout(finish(false), PATIENCE_MS);
    socket.once('data', finish(true));
    socket.once('end', finish(false));
    socket.once('error', finish(false));
  });
}
