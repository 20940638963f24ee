import { readdir, readFile, stat } from 'node:fs/promises';

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
  /** Given when nobody reads standard output any more, as of `tsctr get | head -1`. What is written from then on is dropped. */
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
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
    files: ownFiles,
    now: () => Date.now(),
  };
}

function goneSignal(stream: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController();
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone.abort();
  });
  return gone.signal;
}
