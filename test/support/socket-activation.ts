import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { commandLine, INSTANCE_VARIABLE } from './tsctr.ts';
import type { Instance } from './tsctr.ts';

/** The other end of a socket that was passed. */
export interface Peer {
  /** Lines as they come. */
  lines: AsyncIterator<string>;
  write(text: string): void;
  close(): void;
}

/**
 * Runs `bin/tsctr` to its end as a service manager would that passes it a connected socket for each name, sd_listen_fds(3). Whoever
 * holds the sockets then answers to `peers`, which are the caller's to close.
 */
export async function runActivated(
  instance: Instance,
  args: readonly string[],
  names: readonly string[],
): Promise<{ exitCode: number | null; output: string; peers: Peer[] }> {
  // Only the process itself knows its pid before it begins.
  const become = 'LISTEN_PID=$$ exec "$@"';
  const child = spawn('/bin/sh', ['-c', become, 'sh', ...commandLine(instance, args)], {
    env: {
      ...process.env,
      NO_COLOR: '1',
      [INSTANCE_VARIABLE]: instance.run,
      LISTEN_FDS: String(names.length),
      LISTEN_FDNAMES: names.join(':'),
    },
    stdio: ['ignore', 'pipe', 'pipe', ...names.map(() => 'pipe' as const)],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => (output += data.toString('utf8')));
  }
  // Listened to from the start: what nobody listens to when the child ends, Node throws away.
  const peers = (child.stdio.slice(3) as Duplex[]).map(peerOn);
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return { exitCode, output, peers };
}

function peerOn(socket: Duplex): Peer {
  return {
    lines: createInterface({ input: socket })[Symbol.asyncIterator](),
    write: (text) => socket.write(text),
    close: () => socket.destroy(),
  };
}
