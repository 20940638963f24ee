import { chmodSync } from 'node:fs';
import { lstat, mkdir, unlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { CliError } from '../command-line/cli-error.ts';
import { createApp } from './app.ts';
import { UPGRADE } from '../hosted/frames.ts';
import type { Service } from './service.ts';
import { shortSocketPath } from './socket-path.ts';

export interface ServeOptions {
  service: Service;
  socketPath: string;
  version: string;
  /** The root directory that the service keeps; told to clients. */
  root: string;
  /** Takes over a connection whose client wants a command line run; without it there is no such route. */
  onCommand?: (socket: Duplex, ends: ServerEnds) => void;
}

export interface ServerEnds {
  /** Given when the server begins to close: watches end then. */
  closing: AbortSignal;
  /** Given when what still runs has had its time. */
  cutOff: AbortSignal;
}

export interface RunningServer {
  /**
   * Takes no more requests, ends watches, lets others finish for up to `graceMs` milliseconds, then cuts them off, and removes the
   * socket.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves on a unix socket with mode 0600: the file's mode is the border, whoever can open it may do everything. A socket that a
 * dead daemon left is replaced; a live one throws `DAEMON_RUNNING`.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  await mkdir(dirname(options.socketPath), { recursive: true, mode: 0o755 });
  await removeStaleSocket(options.socketPath);
  const closing = new AbortController();
  const cutOff = new AbortController();
  const app = createApp({ ...options, closing: closing.signal, cutOff: cutOff.signal });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => {
    void listener(request, response);
  });
  const { onCommand } = options;
  if (onCommand !== undefined) {
    const ends = { closing: closing.signal, cutOff: cutOff.signal };
    server.on('upgrade', (request, socket, head) => {
      upgrade(request, socket, head, () => {
        onCommand(socket, ends);
      });
    });
  }
  const short = shortSocketPath(options.socketPath);
  await listen(server, short.path);
  return {
    close: async (graceMs) => {
      await closeServer(server, { closing, cutOff }, graceMs);
      short.release();
    },
  };
}

/** RFC 9110, 7.8: after the answer the connection speaks the other protocol. */
function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, accept: () => void): void {
  if (request.headers.upgrade !== UPGRADE) {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  if (socket instanceof Socket) socket.setTimeout(0);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  accept();
}

async function listen(server: Server, path: string): Promise<void> {
  // bind(2) happens within listen(), and takes the mode from the umask: there is no instant at which others could connect.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(umask);
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new CliError('DAEMON_UNREACHABLE', `listen ${path}: it is there and is not a socket`, 'remove it');
  }
  if (await answers(path)) {
    throw new CliError(
      'DAEMON_RUNNING',
      `listen ${path}: a daemon answers there already`,
      'stop it first, or give this one another --run and --root',
    );
  }
  await unlink(path);
}

/** True when somebody accepts connections at `path`. */
function answers(path: string): Promise<boolean> {
  const short = shortSocketPath(path);
  return new Promise((resolve) => {
    const socket = connect(short.path);
    const done = (result: boolean): void => {
      socket.destroy();
      short.release();
      resolve(result);
    };
    socket.once('connect', () => {
      done(true);
    });
    socket.once('error', () => {
      done(false);
    });
  });
}

async function closeServer(
  server: Server,
  { closing, cutOff }: { closing: AbortController; cutOff: AbortController },
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  closing.abort();
  server.closeIdleConnections();
  const timers = [
    setTimeout(() => {
      cutOff.abort();
    }, graceMs),
    // What does not end when it is told to must not keep the daemon.
    setTimeout(() => {
      server.closeAllConnections();
    }, graceMs + ABORT_MS),
  ];
  await closed;
  timers.forEach(clearTimeout);
}

/** Time for an aborted request to send its error, milliseconds. */
const ABORT_MS = 500;
