import { readdir, readFile, stat } from 'node:fs/promises';
import { EXIT } from './exit-code.ts';

/** The files that whoever typed the command has named in it. Paths are absolute. */
export interface NamedFiles {
  isDirectory(path: string): Promise<boolean>;
  /** The names in a directory, with `recursive` as paths of those below as well. */
  list(path: string, options: { recursive: boolean }): Promise<string[]>;
  read(path: string): Promise<string>;
}

/** Where a command writes and reads; a test hands in its own. */
export interface Io {
  /** Writes to standard output; false when the reader is behind and `drained` should be awaited. */
  out: (text: string) => boolean;
  err: (text: string) => void;
  drained: () => Promise<void>;
  /** Given when nobody reads standard output any more, as of `tsctr get | head -1`, or it cannot be written. What is written from then on is dropped. */
  readonly readerGone: AbortSignal;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Width of the terminal in columns, null when it is none. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readInput: () => Promise<string>;
  readonly files: NamedFiles;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Files as this process sees them. */
export const ownFiles: NamedFiles = {
  isDirectory: async (path) => (await stat(path)).isDirectory(),
  list: (path, options) => readdir(path, options),
  read: (path) => readFile(path, 'utf8'),
};

/** The process's own streams. */
export function processIo(): Io {
  const { stdout, stderr } = process;
  const outGone = goneSignal(stdout);
  const errGone = goneSignal(stderr);
  return {
    out: (text) => outGone.aborted || stdout.write(text),
    err: (text) => {
      if (!errGone.aborted) stderr.write(text);
    },
    drained: () =>
      new Promise((resolve) => {
        if (outGone.aborted || !stdout.writableNeedDrain) {
          resolve();
          return;
        }
        const end = (): void => {
          stdout.off('drain', end);
          outGone.removeEventListener('abort', end);
          resolve();
        };
        stdout.on('drain', end);
        outGone.addEventListener('abort', end);
      }),
    readerGone: outGone,
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    columns: stdout.isTTY ? stdout.columns : null,
    env: process.env,
    cwd: process.cwd(),
    readInput: async () => {
      const chunks: Buffer[] = [];
      // Node opens it when it is first named.
      try {
        for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      } catch (error) {
        throw unreadableInput((error as NodeJS.ErrnoException).code ?? String(error));
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    files: ownFiles,
    now: () => Date.now(),
  };
}

/** Part of standard input must not be taken for all of it. `code` is the errno of the read(2) that failed. */
export function unreadableInput(code: string): Error {
  return new Error(`read standard input: ${code}`);
}

/** Given when `stream` takes nothing more. Where that is not for want of a reader, output is lost, and the process has failed. */
function goneSignal(stream: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController();
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    gone.abort();
    if (code === 'EPIPE') return;
    if (stream === process.stdout) process.stderr.write(`error: write standard output: ${code ?? message}\n`);
    // The command may have ended before this is told.
    process.once('exit', (exitCode) => {
      if (exitCode === EXIT.asWished) process.exitCode = EXIT.failed;
    });
  });
  return gone.signal;
}
