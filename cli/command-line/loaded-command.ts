import type { ArgumentSpec, LoadedCommand, LoadedGroup, OptionSpec } from './command.ts';

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
  if (command.spec === null) return { choices: command.children.map(({ name }) => name) };
  const [first] = command.spec.arguments ?? [];
  return {
    ...(first?.choices === undefined ? {} : { choices: first.choices }),
    ...(first?.completes === undefined ? {} : { completes: first.completes }),
  };
}
