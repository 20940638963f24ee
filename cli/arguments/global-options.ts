import { resolve } from 'node:path';
import type { Globals, OptionSpec, OutputFormat } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Io } from '../command-line/io.ts';
import type { Options } from './options.ts';
import { wantsColour } from '../output/colour.ts';

export const DEFAULT_ROOT = '/var/lib/tsctr';
export const DEFAULT_RUN = '/run/tsctr';
export const DEFAULT_CONFIG = '/etc/tsctr/config.yaml';

/** The directory that the daemon follows unless it is told another. */
export const DEFAULT_MANIFESTS = '/etc/tsctr.d';

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--root <directory>',
    description: `where state is kept (TSCTR_ROOT; default: ${DEFAULT_ROOT})`,
    completes: 'directory',
  },
  {
    flags: '--run <directory>',
    description: `where sockets and mounts live (TSCTR_RUN; default: ${DEFAULT_RUN})`,
    completes: 'directory',
  },
  {
    flags: '--config <file>',
    description: `configuration file (default: ${DEFAULT_CONFIG})`,
    completes: 'file',
  },
  {
    flags: '-o, --output <format>',
    description: 'print as text, json, yaml, wide or name, where a command can',
  },
  { flags: '--no-color', description: 'no colour, even on a terminal (NO_COLOR)' },
  { flags: '-v, --verbose', description: 'say more, and show stack traces' },
];

const FORMATS: readonly OutputFormat[] = ['text', 'wide', 'json', 'yaml', 'name'];

/** `allowed`: what the command can print besides plain text. */
export function readGlobals(options: Options, io: Io, allowed: readonly OutputFormat[]): Globals {
  const text = options.text('output') ?? 'text';
  const output = FORMATS.find((format) => format === text);
  if (output === undefined || (output !== 'text' && !allowed.includes(output))) {
    const known = ['text', ...allowed].join(', ');
    throw new CliError('BAD_INPUT', `-o ${text}: this command prints ${known}`);
  }
  return {
    root: resolve(io.cwd, options.text('root') ?? io.env['TSCTR_ROOT'] ?? DEFAULT_ROOT),
    run: resolve(io.cwd, options.text('run') ?? io.env['TSCTR_RUN'] ?? DEFAULT_RUN),
    config: resolve(io.cwd, options.text('config') ?? DEFAULT_CONFIG),
    output,
    colour: wantsColour(io.outIsTerminal, io.env, !options.has('color')),
    verbose: options.flag('verbose'),
  };
}
