import type { Wiring } from '../../../cli/command-line/command.ts';
import type { Service } from '../../../cli/api/service.ts';
import { ownFiles } from '../../../cli/command-line/io.ts';
import type { Io } from '../../../cli/command-line/io.ts';
import { runCommandLine } from '../../../cli/command-line/run-command-line.ts';
import { NOW } from './records.ts';

export interface Typed {
  code: number;
  out: string;
  err: string;
}

export interface TypingOptions {
  input?: string;
  cwd?: string;
  env?: Record<string, string>;
  terminal?: boolean;
  signal?: AbortSignal;
  readerGone?: AbortSignal;
  wiring?: Partial<Wiring>;
  /** Called with each piece of output as it comes. */
  onOut?: (text: string) => void;
}

/** Types `tsctr <args>` against a service and returns what was printed. */
export async function typeCommand(
  service: Service,
  args: readonly string[],
  options: TypingOptions = {},
): Promise<Typed> {
  const printed = { out: '', err: '' };
  const io: Io = {
    out: (text) => {
      printed.out += text;
      options.onOut?.(text);
      return true;
    },
    err: (text) => {
      printed.err += text;
    },
    drained: () => Promise.resolve(),
    readerGone: options.readerGone ?? new AbortController().signal,
    outIsTerminal: options.terminal ?? false,
    errIsTerminal: options.terminal ?? false,
    columns: options.terminal === true ? 80 : null,
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    readInput: () => Promise.resolve(options.input ?? ''),
    files: ownFiles,
    now: () => NOW,
  };
  const refuse = (): Promise<never> => Promise.reject(new Error('not in this test'));
  const wiring: Wiring = {
    openService: () => Promise.resolve(service),
    openDaemon: refuse,
    cleanupContainer: refuse,
    openAccess: refuse,
    ...options.wiring,
  };
  const signal = options.signal ?? new AbortController().signal;
  const code = await runCommandLine(args, io, wiring, signal);
  return { code, ...printed };
}
