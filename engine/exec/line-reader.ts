import net from 'node:net';

/** Reads a descriptor line by line, and closes it in the end. */
export class LineReader {
  readonly #socket: net.Socket;
  readonly #lines: AsyncGenerator<string, void>;

  constructor(fd: number) {
    this.#socket = new net.Socket({ fd, readable: true, writable: false });
    this.#lines = linesOf(this.#socket);
  }

  /** The next line without its end; null at the end of the input. An unfinished last line does not count. */
  async next(): Promise<string | null> {
    const { value, done } = await this.#lines.next();
    return done === true ? null : value;
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function* linesOf(socket: net.Socket): AsyncGenerator<string, void> {
  let text = '';
  try {
    for await (const chunk of socket) {
      text += (chunk as Buffer).toString('utf8');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 1);
      }
    }
  } catch (error) {
    // Closed by us while a line was waited for.
    if (!socket.destroyed) throw error;
  }
}
