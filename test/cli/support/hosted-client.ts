import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, TO_CLIENT, TO_DAEMON, UPGRADE } from '../../../cli/hosted/frames.ts';
import type { Place } from '../../../cli/hosted/command-request.ts';

export const PLACE: Place = {
  program: '1:2:3:4',
  user: '0',
  mounts: 'mnt:[1]',
  users: 'user:[1]',
  slash: '1:2',
};

export interface HostedResult {
  out: string;
  err: string;
  lastWords: string;
  /** Null: the connection ended without one. */
  code: number | null;
  elsewhere: boolean;
}

export interface HostedOptions {
  place?: Partial<Place>;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** What is sent when it is asked for. */
  input?: string;
}

/** What tsctr-client does, in Node: asks a server for a command, and collects what comes. */
export class HostedClient {
  readonly socket: Socket;
  readonly result: Promise<HostedResult>;
  readonly seen: HostedResult = { out: '', err: '', lastWords: '', code: null, elsewhere: false };
  readonly #options: HostedOptions;

  constructor(socketPath: string, args: readonly string[], options: HostedOptions = {}) {
    this.#options = options;
    this.socket = connect(socketPath);
    this.socket.write(
      `GET /v1/command HTTP/1.1\r\nHost: tsctr\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\n\r\n`,
    );
    this.send(TO_DAEMON.command, describe(args, options));
    this.result = new Promise((resolve) => {
      this.socket.on('error', () => undefined);
      this.socket.on('close', () => {
        resolve(this.seen);
      });
    });
    this.#listen();
  }

  send(type: string, payload: string): void {
    this.socket.write(encodeFrame(type, payload));
  }

  #listen(): void {
    const reader = new FrameReader(1 << 24);
    let head = '';
    let isUpgraded = false;
    this.socket.on('data', (bytes) => {
      let rest = bytes;
      if (!isUpgraded) {
        head += bytes.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        isUpgraded = true;
        rest = Buffer.from(head.slice(end + 4), 'latin1');
      }
      for (const { type, payload } of reader.feed(rest)) this.#take(type, payload.toString());
    });
  }

  #take(type: string, payload: string): void {
    const { input = '' } = this.#options;
    if (type === TO_CLIENT.out) this.seen.out += payload;
    if (type === TO_CLIENT.err) this.seen.err += payload;
    if (type === TO_CLIENT.lastWords) this.seen.lastWords = payload;
    if (type === TO_CLIENT.exit) this.seen.code = Number(payload);
    if (type === TO_CLIENT.elsewhere) this.seen.elsewhere = true;
    if (type !== TO_CLIENT.wantsInput) return;
    for (const character of input) this.send(TO_DAEMON.input, character);
    this.send(TO_DAEMON.endOfInput, '');
  }
}

function describe(
  args: readonly string[],
  { place = {}, cwd = '/nowhere', env = {} }: HostedOptions,
): string {
  const fields = [
    ...Object.entries({ ...PLACE, ...place }).map(([name, value]) => `${name}=${value}`),
    `cwd=${cwd}`,
    'terminals=',
    ...Object.entries(env).map(([name, value]) => `env=${name}=${value}`),
    ...args.map((arg) => `arg=${arg}`),
  ];
  return fields.map((field) => `${field}\0`).join('');
}
