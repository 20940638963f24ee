import type { Duplex } from 'node:stream';
import { encodeFrame } from './frames.ts';
import type { TO_CLIENT } from './frames.ts';

/** A client that leaves so much unread while more comes is taken for dead: it must not fill the daemon's memory. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024;

type PrintedType = (typeof TO_CLIENT)['out' | 'err'];

/** The client's end of a hosted command: frames go there until it has gone. */
export class ClientStream {
  readonly #socket: Duplex;
  readonly #gone = new AbortController();
  #isGathering = false;
  /** True as soon as something was printed: from then on the command cannot run elsewhere. */
  hasPrinted = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    const onGone = (): void => {
      this.#gone.abort();
      socket.destroy();
    };
    // It never half-closes, so the end of what it sends is its end.
    for (const event of ['error', 'end', 'close']) socket.on(event, onGone);
  }

  /** Given when nobody is there any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** False when the reader is behind. */
  print(type: PrintedType, text: string): boolean {
    if (text === '') return true;
    this.hasPrinted = true;
    return this.send(type, text);
  }

  send(type: string, payload: string): boolean {
    if (this.#gone.signal.aborted) return true;
    if (this.#socket.writableLength > MOST_UNREAD_BYTES) {
      this.#socket.destroy();
      return true;
    }
    this.#gather();
    return this.#socket.write(encodeFrame(type, payload));
  }

  /** What is sent in one turn of the loop goes out as one: each write alone would wake the client for one line. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isGathering = false;
      this.#socket.uncork();
    });
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#gone.signal.aborted || !this.#socket.writableNeedDrain) resolve();
      else {
        const end = (): void => {
          this.#socket.off('drain', end).off('close', end);
          resolve();
        };
        this.#socket.on('drain', end).on('close', end);
      }
    });
  }

  /** Sends the last frame; the connection ends when the client has read it. */
  end(type: string, payload: string): void {
    this.send(type, payload);
    this.#socket.end();
  }
}
