/**
 * What crosses the socket after `Upgrade: tsctr-command`: frames of one letter, the length of what follows (4 bytes, big-endian), and
 * that. native/src/relay_command.cc speaks the same; which program is to be told from which is asked before, see `command-request.ts`.
 */
export const UPGRADE = 'tsctr-command';

/** From the client. */
export const TO_DAEMON = {
  /** Who asks, and what for: the first frame. */
  command: 'c',
  input: 'i',
  /** Empty, or the errno (`EIO`) that keeps the rest from being read. */
  endOfInput: 'e',
  /** Ctrl-C or SIGTERM. */
  interrupt: 's',
  /** Nobody reads its standard output any more, or it cannot be written. */
  readerGone: 'g',
} as const;

/** From the daemon. */
export const TO_CLIENT = {
  /** What to print, as an error, should the daemon end before the command has: the first frame. */
  lastWords: 'l',
  out: 'o',
  err: 'r',
  wantsInput: 'i',
  /** The exit code as decimal digits: the last frame. */
  exit: 'x',
  /** This command is not for the daemon; nothing has been done or printed. The last frame. */
  elsewhere: 'n',
} as const;

export interface CommandFrame {
  type: string;
  payload: Buffer;
}

const HEADER_BYTES = 5;

export function encodeFrame(type: string, payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  frame.write(type, 0, 1, 'latin1');
  frame.writeUInt32BE(bytes, 1);
  if (typeof payload === 'string') frame.write(payload, HEADER_BYTES, 'utf8');
  else payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** Puts frames together from the pieces in which they arrive. */
export class FrameReader {
  readonly #largestBytes: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(largestBytes: number) {
    this.#largestBytes = largestBytes;
  }

  /** The frames that are complete now. Throws for one that is larger than agreed. */
  feed(bytes: Buffer): CommandFrame[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: CommandFrame[] = [];
    for (;;) {
      if (this.#pending.length < HEADER_BYTES) return frames;
      const length = this.#pending.readUInt32BE(1);
      if (length > this.#largestBytes)
        throw new Error(`read a frame: expected at most ${this.#largestBytes} bytes, found ${length}`);
      const end = HEADER_BYTES + length;
      if (this.#pending.length < end) return frames;
      frames.push({
        type: this.#pending.toString('latin1', 0, 1),
        payload: this.#pending.subarray(HEADER_BYTES, end),
      });
      this.#pending = this.#pending.subarray(end);
    }
  }
}
