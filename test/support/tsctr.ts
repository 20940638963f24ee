import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';

const PROGRAM = path.resolve(import.meta.dirname, '../../bin/tsctr');

/** Marks what the tests start, and what that starts: its run directory. */
export const INSTANCE_VARIABLE = 'TSCTR_TEST_INSTANCE';

/** Where an instance of tsctr lives. */
export interface Instance {
  root: string;
  run: string;
}

export interface TsctrOptions {
  /** Given on standard input; default: none. */
  input?: string;
  /** After this long it is killed, and that is an error. Default: 30,000. */
  timeoutMs?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Reads no more of standard output than what comes first, as `| head -1` does. */
  isCut?: boolean;
}

export interface TsctrResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  elapsedMs: number;
}

/** Runs the built `bin/tsctr` on that instance to its end. */
export async function runTsctr(
  instance: Instance,
  args: readonly string[],
  { input, timeoutMs = 30_000, env = {}, cwd, isCut = false }: TsctrOptions = {},
): Promise<TsctrResult> {
  const startedMs = performance.now();
  const child = start(instance, args, env, cwd);
  child.stdin?.on('error', () => undefined).end(input ?? '');
  if (isCut) child.stdout?.once('data', () => child.stdout?.destroy());
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const exitCode = await endOf(child, timeoutMs, () => `tsctr ${args.join(' ')}\n${stdout()}${stderr()}`);
  return { exitCode, stdout: stdout(), stderr: stderr(), elapsedMs: performance.now() - startedMs };
}

/** The same where anything but success is an error that shows what was printed. Returns standard output. */
export async function tsctrOutput(
  instance: Instance,
  args: readonly string[],
  options?: TsctrOptions,
): Promise<string> {
  const result = await runTsctr(instance, args, options);
  if (result.exitCode === 0) return result.stdout;
  throw new Error(
    `tsctr ${args.join(' ')}: expected exit code 0, found ${String(result.exitCode)}\n${result.stdout}${result.stderr}`,
  );
}

/** One that goes on running: a daemon, `get -w`, `logs -f`. */
export interface RunningTsctr {
  pid: number;
  /** Everything that it has printed so far, both streams. */
  output(): string;
  /** Waits until its output matches; an error when it ends first or the time is over. */
  untilOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Waits until it ends by itself. */
  ended(timeoutMs?: number): Promise<number | null>;
  /** Sends a signal (default SIGTERM), and waits until it has ended. Fine when it has already. */
  end(signal?: NodeJS.Signals, timeoutMs?: number): Promise<number | null>;
}

export function startTsctr(
  instance: Instance,
  args: readonly string[],
  { env = {}, cwd }: Pick<TsctrOptions, 'env' | 'cwd'> = {},
): RunningTsctr {
  const child = start(instance, args, env, cwd);
  child.stdin?.end();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      child.emit('more');
    });
  }
  const describe = () => `tsctr ${args.join(' ')}\n${text}`;
  return {
    pid: child.pid ?? -1,
    output: () => text,
    untilOutput: (pattern, timeoutMs = 30_000) =>
      untilMatch(child, () => pattern.exec(text), timeoutMs, describe),
    ended: (timeoutMs = 30_000) => endOf(child, timeoutMs, describe),
    end: async (signal = 'SIGTERM', timeoutMs = 30_000) => {
      child.kill(signal);
      return endOf(child, timeoutMs, describe);
    },
  };
}

/** `bin/tsctr` with what makes it work on that instance. */
export function commandLine({ root, run }: Instance, args: readonly string[]): [string, ...string[]] {
  return [PROGRAM, '--root', root, '--run', run, '--config', path.join(root, 'config.yaml'), ...args];
}

function start(
  { root, run }: Instance,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string | undefined,
): ChildProcess {
  const [program, ...rest] = commandLine({ root, run }, args);
  return spawn(program, rest, {
    env: { ...process.env, NO_COLOR: '1', [INSTANCE_VARIABLE]: run, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A monitor that it started may hold its output open: after the end, output is waited for this long and no longer. */
const OUTPUT_LINGER_MS = 300;

function endOf(child: ChildProcess, timeoutMs: number, describe: () => string): Promise<number | null> {
  if (hasEnded(child)) return Promise.resolve(child.exitCode);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`did not end within ${timeoutMs} ms: ${describe()}`));
    }, timeoutMs);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      const linger = setTimeout(resolve, OUTPUT_LINGER_MS, code);
      child.on('close', () => {
        clearTimeout(linger);
        resolve(code);
      });
    });
  });
}

function untilMatch(
  child: ChildProcess,
  match: () => RegExpMatchArray | null,
  timeoutMs: number,
  describe: () => string,
): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const finish = (error: Error | null, found: RegExpMatchArray | null) => {
      clearTimeout(timer);
      child.off('more', look).off('close', onClose);
      if (found !== null) resolve(found);
      else reject(error ?? new Error(describe()));
    };
    const look = () => {
      const found = match();
      if (found !== null) finish(null, found);
    };
    const onClose = () => {
      finish(new Error(`ended before its output matched: ${describe()}`), match());
    };
    const timer = setTimeout(() => {
      finish(new Error(`no such output within ${timeoutMs} ms: ${describe()}`), null);
    }, timeoutMs);
    child.on('more', look).on('close', onClose);
    look();
  });
}
