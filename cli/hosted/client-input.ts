import { CliError } from '../command-line/cli-error.ts';
import { unreadableInput } from '../command-line/io.ts';
import { LARGEST_BODY_BYTES } from '../api/routes.ts';

/** The standard input of a client, which sends it when it is asked to. */
export class ClientInput {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #settle: { resolve: (text: string) => void; reject: (error: Error) => void } | null = null;

  /** All of it. Rejects with the signal's reason when the client has gone. */
  read(ask: () => void, gone: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      gone.addEventListener('abort', () => {
        reject(gone.reason as Error);
      });
      ask();
    });
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= LARGEST_BODY_BYTES) this.#chunks.push(chunk);
    else
      this.#settle?.reject(new CliError('BAD_REQUEST', `request: larger than ${LARGEST_BODY_BYTES} bytes`));
  }

  /** `failure` is the errno that keeps the rest from being read, empty at the end. */
  end(failure: string): void {
    if (failure !== '') this.#settle?.reject(unreadableInput(failure));
    else this.#settle?.resolve(Buffer.concat(this.#chunks).toString('utf8'));
  }
}
