import { COMMAND_GROUPS } from './command-tree.ts';
import type { CommandNode } from './command-tree.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';

/** A command with everything about it loaded: what completion and the documentation are made from. */
export interface LoadedCommand {
  /** `image pull`. */
  path: string;
  name: string;
  summary: string;
  /** Null for a group. */
  spec: CommandSpec | null;
  children: readonly LoadedCommand[];
}

export interface LoadedGroup {
  title: string;
  commands: readonly LoadedCommand[];
}

/** Loads every command that is not hidden. */
export function loadTree(): Promise<LoadedGroup[]> {
  return Promise.all(
    COMMAND_GROUPS.map(async ({ title, commands }) => ({ title, commands: await loadNodes(commands, '') })),
  );
}

async function loadNodes(nodes: readonly CommandNode[], parent: string): Promise<LoadedCommand[]> {
  const shown = nodes.filter((node) => node.hidden !== true);
  return Promise.all(
    shown.map(async (node) => {
      const path = `${parent} ${node.name}`.trim();
      const isGroup = 'children' in node;
      return {
        path,
        name: node.name,
        summary: node.summary,
        spec: isGroup ? null : await node.load(),
        children: isGroup ? await loadNodes(node.children, path) : [],
      };
    }),
  );
}

/** Every command, groups before what is in them. */
export function flatten(groups: readonly LoadedGroup[]): LoadedCommand[] {
  const walk = (command: LoadedCommand): LoadedCommand[] => [command, ...command.children.flatMap(walk)];
  return groups.flatMap(({ commands }) => commands.flatMap(walk));
}

/** The parts of an option's flags: `-f, --file <path>` is short `f`, long `file`, and takes a value. */
export interface OptionWords {
  short: string | null;
  long: string;
  value: 'none' | 'optional' | 'required';
}

export function optionWords({ flags }: OptionSpec): OptionWords {
  return {
    short: /^-(\w)\b/.exec(flags)?.[1] ?? null,
    long: /--([\w-]+)/.exec(flags)?.[1] ?? '',
    value: flags.includes('<') ? 'required' : flags.includes('[') ? 'optional' : 'none',
  };
}

/** What can stand as the operand of a command: words, or what has to be asked for. */
export function operandOf(command: LoadedCommand): Pick<ArgumentSpec, 'choices' | 'completes'> {
  if (command.children.length > 0) return { choices: command.children.map(({ name }) => name) };
  const [first] = command.spec?.arguments ?? [];
  return {
    ...(first?.choices === undefined ? {} : { choices: first.choices }),
    ...(first?.completes === undefined ? {} : { completes: first.completes }),
  };
}
