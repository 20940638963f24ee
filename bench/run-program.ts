import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface ProgramOptions {
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** After this long it is killed, and that is an error. Default: 120,000. */
  timeoutMs?: number;
  /** What it leaves running keeps its output; where that may be no file of the host, it is /dev/null, and nothing is returned. */
  discardsOutput?: boolean;
}

/**
 * Runs programs from start to end. Their output goes to a file: what they leave running may hold on to it, and nobody waits for that.
 */
export class Programs {
  readonly #output: string;

  constructor(directory: string) {
    this.#output = path.join(directory, 'output');
  }

  /** Returns what it printed. Throws, with what it printed, unless it ended with 0. */
  async run(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const outputFile = options.discardsOutput === true ? '/dev/null' : this.#output;
    const output = openSync(outputFile, 'w');
    try {
      const code = await untilEnd(file, args, options, output);
      const said = readFileSync(outputFile, 'utf8');
      if (code !== 0) throw new Error(`run ${file} ${args.join(' ')}: ended with ${String(code)}\n${said}`);
      return said;
    } finally {
      closeSync(output);
    }
  }
}

function untilEnd(
  file: string,
  args: readonly string[],
  { env = {}, cwd, timeoutMs = 120_000 }: ProgramOptions,
  output: number,
): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', output, output],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.once('error', reject);
    // Not 'close': that waits for whatever else has the output open.
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal);
    });
  });
}
