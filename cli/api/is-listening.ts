import { connect } from 'node:net';
import { shortSocketPath } from './socket-path.ts';

/** True when somebody accepts connections there: the socket of a daemon that was killed is only a file. */
export function isListening(socketPath: string): Promise<boolean> {
  const { path, release } = shortSocketPath(socketPath);
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      release();
      resolve(answer);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Its backlog is full, so there is one.
      end(error.code === 'EAGAIN');
    });
  });
}
