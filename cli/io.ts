/** Where a command writes and reads; a test hands in its own. */
export interface Io {
  /** Writes to standard output; false when the reader is behind and `drained` should be awaited. */
  out: (text: string) => boolean;
  err: (text: string) => void;
  drained: () => Promise<void>;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Width of the terminal in columns, null when it is none. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readInput: () => Promise<string>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** The process's own streams. */
export function processIo(): Io {
  const { stdout, stderr, stdin } = process;
  return {
    out: (text) => stdout.write(text),
    err: (text) => {
      stderr.write(text);
    },
    drained: () =>
      new Promise((resolve) => {
        if (!stdout.writableNeedDrain) resolve();
        else stdout.once('drain', resolve);
      }),
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    columns: stdout.isTTY ? stdout.columns : null,
    env: process.env,
    cwd: process.cwd(),
    readInput: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
    now: () => Date.now(),
  };
}
