import type { ReadStream } from 'node:tty';
import type { TerminalSize } from '../../engine/index.ts';

/** The process's own terminal, handed to a process in a container: keys go through untouched, and its size follows. */
export class Terminal {
  readonly stdin = process.stdin;
  readonly stdout = process.stdout;
  readonly stderr = process.stderr;

  /** Null when standard output is no terminal, or one of unknown size. */
  get size(): TerminalSize | null {
    const { isTTY, rows, columns } = this.stdout;
    // A terminal that does not know its size says 0.
    return isTTY && rows > 0 && columns > 0 ? { rows, columns } : null;
  }

  /** Runs `action` in raw mode, where Ctrl-C is a key like any other, and calls back when the size has changed. */
  async during<Result>(
    onResize: (size: TerminalSize) => void,
    action: () => Promise<Result>,
  ): Promise<Result> {
    const input: ReadStream | null = this.stdin.isTTY ? this.stdin : null;
    const resized = (): void => {
      const { size } = this;
      if (size !== null) onResize(size);
    };
    input?.setRawMode(true);
    this.stdout.on('resize', resized);
    try {
      return await action();
    } finally {
      this.stdout.off('resize', resized);
      input?.setRawMode(false);
    }
  }
}
