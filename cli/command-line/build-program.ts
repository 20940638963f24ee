import { Command, Option } from 'commander';
import { COMMAND_GROUPS } from '../command-tree.ts';
import type { CommandNode } from '../command-tree.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';
import { EXIT_MEANINGS } from './exit-code.ts';
import { GLOBAL_OPTIONS } from '../arguments/global-options.ts';
import { Options } from '../arguments/options.ts';

export interface ProgramOptions {
  /** The words of the command that was asked for; only that one is loaded. */
  words: readonly string[];
  onCommand: (spec: CommandSpec, args: readonly string[], options: Options) => void;
  out: (text: string) => void;
  err: (text: string) => void;
}

/**
 * The parser for one command line. Every command stands in it by name and summary, so that `--help` and suggestions for
 * misspelt names work, but only the one that was asked for is loaded.
 */
export async function buildProgram(options: ProgramOptions): Promise<Command> {
  const program = new Command('tsctr');
  settle(program, options);
  program
    .description('Keeps the containers and pods of this host, and their memory, as YAML manifests say.')
    .usage('[options] <command>')
    .helpCommand('help [command...]', 'show help for a command')
    .addHelpText('after', () => helpFooter());
  for (const spec of GLOBAL_OPTIONS) program.addOption(makeOption(spec));
  for (const group of COMMAND_GROUPS) {
    for (const node of group.commands) {
      const command = await makeCommand(node, options, options.words);
      program.addCommand(command.helpGroup(`${group.title}:`), { hidden: node.hidden === true });
    }
  }
  return program;
}

function settle(command: Command, { out, err }: ProgramOptions): void {
  command
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({ writeOut: out, writeErr: err, outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false });
}

async function makeCommand(
  node: CommandNode,
  options: ProgramOptions,
  words: readonly string[],
): Promise<Command> {
  const command = new Command(node.name);
  settle(command, options);
  command.summary(node.summary).description(`${node.summary}.`);
  const isWanted = words[0] === node.name;
  const children = node.children ?? [];
  for (const child of children) {
    command.addCommand(await makeCommand(child, options, isWanted ? words.slice(1) : []));
  }
  if (!('load' in node)) command.helpCommand(false).usage('<command>');
  else if (isWanted && !children.some(({ name }) => name === words[1])) {
    if (children.length > 0) command.helpCommand(false);
    defineCommand(command, node.summary, await node.load(), options);
  }
  return command;
}

function defineCommand(
  command: Command,
  summary: string,
  spec: CommandSpec,
  { onCommand }: ProgramOptions,
): void {
  command.description(spec.description === '' ? `${summary}.` : `${summary}.\n\n${spec.description}`);
  for (const argument of spec.arguments ?? []) command.argument(argument.name, describeArgument(argument));
  for (const option of spec.options ?? []) command.addOption(makeOption(option));
  if (spec.examples !== undefined) {
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((e) => `  $ ${e}`).join('\n')}`);
  }
  command.action(() => {
    onCommand(spec, command.args, new Options(command.optsWithGlobals()));
  });
}

function describeArgument(argument: ArgumentSpec): string {
  if (argument.choices === undefined) return argument.description;
  return `${argument.description} (${argument.choices.join(', ')})`;
}

function makeOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.repeatable === true) {
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

function helpFooter(): string {
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(4)}${meaning}`);
  return `\nExit codes:\n${codes.join('\n')}`;
}
