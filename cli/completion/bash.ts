import type { Completes, LoadedCommand } from '../command-line/command.ts';
import { operandOf, optionWords } from '../command-line/loaded-command.ts';
import { KINDS, optionsOf, quote } from './candidates.ts';
import type { Candidates } from './candidates.ts';

/** Works with the bash of Debian alone, without the bash-completion package. */
export function bashScript({ commands, topLevel }: Candidates): string {
  const groups = topLevel.filter(({ children }) => children.length > 0).map(({ name }) => name);
  const cases = commands.map(commandCase).join('\n');
  const root = optionsOf(null).map((option) => `--${optionWords(option).long}`);
  return `# bash completion for tsctr: source <(tsctr completion bash)
_tsctr_words() { COMPREPLY=($(compgen -W "$1" -- "$whole")); }
_tsctr_names() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(command tsctr "\${globals[@]}" __complete "$@" 2>/dev/null)" -- "$whole"))
}
_tsctr_files() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen "$1" -- "$cur")); }

_tsctr() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes words apart at colons and equal signs, which image names and options have.
  local whole=\${COMP_LINE:0:COMP_POINT}
  whole=\${whole##*[[:space:]]}
  local path='' word i
  local -a globals=() before=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      --root | --run | --config) globals+=("$word" "\${COMP_WORDS[i+1]}"); ((i++)) ;;
      -o | --output) ((i++)) ;;
      -*) ;;
      *)
        case "$path" in
          '' | ${groups.join(' | ')}) path="\${path:+$path }$word" ;;
          *) before+=("$word") ;;
        esac
        ;;
    esac
  done
  case $prev in
    --root | --run) _tsctr_files -d; return ;;
    --config) _tsctr_files -f; return ;;
  esac
  case $path in
    '')
      if [[ $cur == -* ]]; then _tsctr_words ${quote(root.join(' '))}
      else _tsctr_words ${quote(topLevel.map(({ name }) => name).join(' '))}
      fi
      ;;
${cases}
  esac
  # What stands before the last colon is on the line already.
  local done_=\${whole%"$cur"} n
  [[ $cur == : ]] && done_=$whole
  for n in "\${!COMPREPLY[@]}"; do COMPREPLY[n]=\${COMPREPLY[n]#"$done_"}; done
}
complete -F _tsctr tsctr
`;
}

function commandCase(command: LoadedCommand): string {
  const options = optionsOf(command);
  const values = options.flatMap((option) => {
    const { short, long, value } = optionWords(option);
    const offer = offerOf(option.choices, option.completes);
    if (value !== 'required' || option.flags.startsWith('--r') || option.flags.startsWith('--config'))
      return [];
    const words = [`--${long}`, ...(short === null ? [] : [`-${short}`])].join(' | ');
    return [`        ${words}) ${offer === '' ? '' : `${offer}; `}return ;;`];
  });
  const operand = operandOf(command);
  const offer = offerOf(operand.choices, operand.completes);
  return `    ${quote(command.path)})
      case $prev in
${values.join('\n')}
      esac
      if [[ $cur == -* ]]; then _tsctr_words ${quote(options.flatMap(spellings).join(' '))}
      else ${offer === '' ? ':' : offer}
      fi
      ;;`;
}

function spellings(option: { flags: string; description: string }): string[] {
  const { short, long } = optionWords(option);
  return [`--${long}`, ...(short === null ? [] : [`-${short}`])];
}

function offerOf(choices: readonly string[] | undefined, completes: Completes | undefined): string {
  if (choices !== undefined) return `_tsctr_words ${quote(choices.join(' '))}`;
  switch (completes) {
    case 'resource':
      return '_tsctr_names resource "${before[@]}"';
    case 'image':
      return '_tsctr_names image';
    case 'kind':
      return `_tsctr_words ${quote(KINDS.join(' '))}`;
    case 'file':
      return '_tsctr_files -f';
    case 'directory':
      return '_tsctr_files -d';
    case 'field':
    case undefined:
      return '';
  }
}
