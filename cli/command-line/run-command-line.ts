import type { CommanderError } from 'commander';
import type { CommandSpec, Globals, Invocation, Wiring } from './command.ts';
import type { Service } from '../api/service.ts';
import { buildProgram } from './build-program.ts';
import { CliError } from './cli-error.ts';
import { COMMANDS } from '../command-tree.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { findCommandWords } from './find-command.ts';
import { readGlobals } from '../arguments/global-options.ts';
import type { Io } from './io.ts';
import type { Options } from '../arguments/options.ts';
import { printError, wantsJson } from './print-error.ts';
import { RunElsewhere } from './run-elsewhere.ts';
import { useInstead } from './words-of-others.ts';

interface Chosen {
  spec: CommandSpec;
  args: readonly string[];
  options: Options;
}

/** Runs one command line (without `node` and the program's path), prints what failed, and returns the exit code. */
export async function runCommandLine(
  args: readonly string[],
  io: Io,
  wiring: Wiring,
  signal: AbortSignal,
): Promise<number> {
  try {
    const chosen = await parse(args, io);
    if (typeof chosen === 'number') return chosen;
    const globals = readGlobals(chosen.options, io, chosen.spec.outputs ?? []);
    return await runCommand(chosen, globals, { io, wiring, signal });
  } catch (error) {
    if (error instanceof RunElsewhere) throw error;
    printError(error, io, {
      json: wantsJson(args),
      verbose: args.includes('-v') || args.includes('--verbose'),
    });
    return exitCodeOf(error);
  }
}

/** The command that the arguments name, or an exit code when there is nothing to run: help was printed. */
async function parse(args: readonly string[], io: Io): Promise<Chosen | number> {
  const { CommanderError } = await import('commander');
  const chosen: Chosen[] = [];
  const words = findCommandWords(args, 3);
  const program = await buildProgram({
    words: words[0] === 'help' ? words.slice(1) : words,
    onCommand: (spec, commandArgs, options) => {
      chosen.push({ spec, args: commandArgs, options });
    },
    out: (text) => io.out(text),
    err: io.err,
  });
  if (args.length === 0) {
    program.outputHelp();
    return EXIT.badInput;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help')
      return error.exitCode === 0 ? EXIT.asWished : EXIT.badInput;
    throw usageError(error, words);
  }
  return chosen[0] ?? EXIT.asWished;
}

/** What commander says in our words, and what to do: the command that is meant, or the help of what was typed. */
function usageError({ code, message }: CommanderError, words: readonly string[]): CliError {
  const known = knownWords(words);
  const [what, guess] = message.replace(/^error: /, '').split(/\n\((Did you mean .*)\)$/);
  const use = code === 'commander.unknownCommand' ? useInstead(words, known.length) : null;
  if (use !== null) return new CliError('BAD_INPUT', what ?? message, `use: ${use}`);
  const text = guess === undefined ? what : `${what}; ${guess.toLowerCase()}`;
  return new CliError('BAD_INPUT', text ?? message, `see: ${['tsctr', ...known, '--help'].join(' ')}`);
}

/** The words up to the first that is no command. */
function knownWords(words: readonly string[]): string[] {
  const known: string[] = [];
  let nodes = COMMANDS;
  for (const word of words) {
    const node = nodes.find(({ name }) => name === word);
    if (node === undefined) break;
    known.push(word);
    nodes = node.children ?? [];
  }
  return known;
}

async function runCommand(
  { spec, args, options }: Chosen,
  globals: Globals,
  { io, wiring, signal }: { io: Io; wiring: Wiring; signal: AbortSignal },
): Promise<number> {
  let opened: Promise<Service> | null = null;
  const endsWithReader = spec.endsWithReader === true;
  const invocation: Invocation = {
    args,
    options,
    globals,
    io,
    signal: endsWithReader ? AbortSignal.any([signal, io.readerGone]) : signal,
    wiring,
    runLine: runCommandLine,
    loadTree: async (which) => (await import('./load-tree.ts')).loadTree(which),
    service: () =>
      (opened ??= wiring.openService({ root: globals.root, run: globals.run, config: globals.config })),
  };
  try {
    // Listens before the command does, which is not asked what it makes of it.
    const gone = endsWithReader ? [untilGone(io.readerGone)] : [];
    return await Promise.race([...gone, spec.run(invocation)]);
  } finally {
    // A service that could not be opened has told so already, and has nothing to close.
    await (opened as Promise<Service> | null)?.then(
      (service) => service.close(),
      () => undefined,
    );
  }
}

function untilGone(reader: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve(EXIT.asWished);
    };
    if (reader.aborted) end();
    else reader.addEventListener('abort', end, { once: true });
  });
}
