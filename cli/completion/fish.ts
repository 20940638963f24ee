import type { Completes, LoadedCommand, OptionSpec } from '../command-line/command.ts';
import { GLOBAL_OPTIONS } from '../arguments/global-options.ts';
import { operandOf, optionWords } from '../command-line/loaded-command.ts';
import { KINDS, quote } from './candidates.ts';
import type { Candidates } from './candidates.ts';

const fish = (text: string): string => quote(text, 'fish');

/** For ~/.config/fish/completions/tsctr.fish, or `tsctr completion fish | source`. */
export function fishScript({ commands, topLevel }: Candidates): string {
  const lines = [
    ...topLevel.map((c) => `complete -c tsctr -n '__tsctr_at' -a ${fish(c.name)} -d ${fish(c.summary)}`),
    ...GLOBAL_OPTIONS.filter(({ flags }) => !flags.startsWith('-o')).map((option) => optionLine('', option)),
    ...commands.flatMap(commandLines),
  ];
  return `# fish completion for tsctr
function __tsctr_words
    # The words that are neither options nor the values of global options.
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word --root --run --config -o --output
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function __tsctr_at
    set -l words (__tsctr_words)
    set -l count (count $argv)
    if test $count = 0
        test (count $words) = 0
    else
        test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
    end
end
function __tsctr_globals
    set -l words (commandline -opc)
    for i in (seq (count $words))
        if contains -- $words[$i] --root --run --config
            echo $words[$i]
            echo $words[(math $i + 1)]
        end
    end
end
function __tsctr_names
    command tsctr (__tsctr_globals) __complete $argv 2>/dev/null
end
complete -c tsctr -f
${lines.join('\n')}
`;
}

function commandLines(command: LoadedCommand): string[] {
  const at = `-n ${fish(`__tsctr_at ${command.path}`)}`;
  const lines = (command.spec?.options ?? []).map((option) => optionLine(at, option));
  const outputs = command.spec?.outputs ?? [];
  if (outputs.length > 0) {
    lines.push(`complete -c tsctr ${at} -s o -l output -x -a ${fish(outputs.join(' '))} -d 'print as'`);
  }
  for (const child of command.children) {
    // Not after a word of the group has been chosen.
    const only = `-n ${fish(`__tsctr_at ${command.path}; and test (count (__tsctr_words)) = 1`)}`;
    lines.push(`complete -c tsctr ${only} -a ${fish(child.name)} -d ${fish(child.summary)}`);
  }
  if (command.children.length === 0) {
    const operand = operandOf(command);
    const offer = offerOf(operand.choices, operand.completes);
    if (offer !== '') lines.push(`complete -c tsctr ${at} ${offer}`);
  }
  return lines;
}

function optionLine(at: string, option: OptionSpec): string {
  const { short, long, value } = optionWords(option);
  const parts = ['complete -c tsctr', at, short === null ? '' : `-s ${short}`, `-l ${long}`];
  const offer = offerOf(option.choices, option.completes);
  if (value === 'required') parts.push(offer === '' ? '-x' : offer === '-F' ? '-r -F' : `-x ${offer}`);
  parts.push(`-d ${fish(option.description)}`);
  return parts.filter((part) => part !== '').join(' ');
}

function offerOf(choices: readonly string[] | undefined, completes: Completes | undefined): string {
  if (choices !== undefined) return `-a ${fish(choices.join(' '))}`;
  switch (completes) {
    case 'resource':
      return `-a '(__tsctr_names resource (__tsctr_words)[2..-1])'`;
    case 'image':
      return `-a '(__tsctr_names image)'`;
    case 'kind':
      return `-a ${fish(KINDS.join(' '))}`;
    case 'file':
      return '-F';
    case 'directory':
      return `-a '(__fish_complete_directories)'`;
    case 'field':
    case undefined:
      return '';
  }
}
