import type { CommandRequest } from './command-request.ts';
import { readCommandRequest } from './command-request.ts';
import { ClientInput } from './client-input.ts';
import type { ClientStream } from './client-stream.ts';
import { TO_CLIENT, TO_DAEMON } from './frames.ts';
import type { CommandFrame } from './frames.ts';

/** A command that a client has asked for. */
export interface AskedCommand {
  request: CommandRequest;
  client: ClientStream;
  input: ClientInput;
  /** Given when it was interrupted, or the client has gone. */
  signal: AbortSignal;
  /** Given when nobody reads the client's standard output any more. */
  readerGone: AbortSignal;
}

/** What one client sends, in its order: the command, then input and interrupts. */
export class ClientSession {
  readonly #client: ClientStream;
  readonly #begin: (asked: AskedCommand) => Promise<void>;
  readonly #input = new ClientInput();
  readonly #interrupt = new AbortController();
  readonly #readerGone = new AbortController();
  #hasBegun = false;

  constructor(client: ClientStream, begin: (asked: AskedCommand) => Promise<void>) {
    this.#client = client;
    this.#begin = begin;
  }

  /** Throws for what no client of ours sends. */
  take({ type, payload }: CommandFrame): void {
    switch (type) {
      case TO_DAEMON.command:
        this.#takeCommand(payload);
        return;
      case TO_DAEMON.input:
        this.#input.add(payload);
        return;
      case TO_DAEMON.endOfInput:
        this.#input.end(payload.toString('latin1'));
        return;
      case TO_DAEMON.interrupt:
        this.#interrupt.abort();
        return;
      case TO_DAEMON.readerGone:
        this.#readerGone.abort();
        return;
      default:
        throw new Error(`read a frame: unknown type '${type}'`);
    }
  }

  #takeCommand(payload: Buffer): void {
    if (this.#hasBegun) throw new Error('read a frame: a second command');
    this.#hasBegun = true;
    const request = readCommandRequest(payload);
    if (request === null) {
      this.#client.end(TO_CLIENT.elsewhere, '');
      return;
    }
    const signal = AbortSignal.any([this.#interrupt.signal, this.#client.gone]);
    const readerGone = this.#readerGone.signal;
    void this.#begin({ request, client: this.#client, input: this.#input, signal, readerGone });
  }
}
