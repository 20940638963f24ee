import type { LoadedCommand, LoadedGroup, OptionSpec } from '../command-line/command.ts';
import { GLOBAL_OPTIONS } from '../arguments/global-options.ts';
import { flatten } from '../command-line/loaded-command.ts';

/** What the scripts of all shells are made from. */
export interface Candidates {
  commands: readonly LoadedCommand[];
  topLevel: readonly LoadedCommand[];
}

export function makeCandidates(groups: readonly LoadedGroup[]): Candidates {
  return { commands: flatten(groups), topLevel: groups.flatMap(({ commands }) => commands) };
}

/** Words that start a list of resources: after them only names of that kind are offered. */
export const KINDS = ['container', 'pod'] as const;

/** The options of a command, with what `-o` can be for it. */
export function optionsOf(command: LoadedCommand | null): OptionSpec[] {
  const outputs = command?.spec?.outputs ?? [];
  return [...(command?.spec?.options ?? []), ...GLOBAL_OPTIONS].flatMap((option) => {
    if (!option.flags.startsWith('-o,')) return [option];
    return outputs.length === 0 ? [] : [{ ...option, choices: outputs }];
  });
}

/** `text` as one word for a shell of the Bourne kind, or for fish when `'` is escaped by a backslash. */
export function quote(text: string, shell: 'bourne' | 'fish' = 'bourne'): string {
  if (shell === 'fish') return `'${text.replace(/[\\']/g, (c) => `\\${c}`)}'`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
