import type { Completes, LoadedCommand } from '../command-line/command.ts';
import { operandOf, optionWords } from '../command-line/loaded-command.ts';
import { KINDS, optionsOf, quote } from './candidates.ts';
import type { Candidates } from './candidates.ts';

/** For a file `_tsctr` in a directory of $fpath, or `source <(tsctr completion zsh)`. */
export function zshScript({ commands, topLevel }: Candidates): string {
  const groups = topLevel.filter(({ children }) => children.length > 0).map(({ name }) => name);
  return `#compdef tsctr
# zsh completion for tsctr
_tsctr_names() {
  local -a names
  names=(\${(f)"$(command tsctr $globals __complete "$@" 2>/dev/null)"})
  compadd -a names
}

_tsctr() {
  local line_path='' word i
  local -a globals before list
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $word in
      (--root|--run|--config) globals+=($word $words[i+1]); ((i++)) ;;
      (-o|--output) ((i++)) ;;
      (-*) ;;
      (*)
        case $line_path in
          (''|${groups.join('|')}) line_path="\${line_path:+$line_path }$word" ;;
          (*) before+=($word) ;;
        esac
        ;;
    esac
  done
  case $words[CURRENT-1] in
    (--root|--run) _files -/; return ;;
    (--config) _files; return ;;
  esac
  case $line_path in
    ('')
      list=(${topLevel.map(({ name, summary }) => quote(`${name}:${summary}`)).join(' ')})
      _describe command list
      ;;
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _tsctr ]]; then _tsctr "$@"; else compdef _tsctr tsctr; fi
`;
}

function commandCase(command: LoadedCommand): string {
  const options = optionsOf(command);
  const values = options.flatMap((option) => {
    const { short, long, value } = optionWords(option);
    if (value !== 'required' || ['root', 'run', 'config'].includes(long)) return [];
    const words = [`--${long}`, ...(short === null ? [] : [`-${short}`])].join('|');
    const offer = offerOf(option.choices, option.completes);
    return [`        (${words}) ${offer === '' ? '' : `${offer}; `}return ;;`];
  });
  const described = options.flatMap((option) => {
    const { short, long } = optionWords(option);
    const text = option.description.replaceAll(':', '\\:');
    return [`--${long}:${text}`, ...(short === null ? [] : [`-${short}:${text}`])].map((one) => quote(one));
  });
  const operand = operandOf(command);
  const offer = offerOf(operand.choices, operand.completes);
  return `    (${quote(command.path)})
      case $words[CURRENT-1] in
${values.join('\n')}
      esac
      if [[ $PREFIX == -* ]]; then
        list=(${described.join(' ')})
        _describe option list
      else
        ${offer === '' ? ':' : offer}
      fi
      ;;`;
}

function offerOf(choices: readonly string[] | undefined, completes: Completes | undefined): string {
  if (choices !== undefined) return `compadd ${choices.map((choice) => quote(choice)).join(' ')}`;
  switch (completes) {
    case 'resource':
      return '_tsctr_names resource $before';
    case 'image':
      return '_tsctr_names image';
    case 'kind':
      return `compadd ${KINDS.join(' ')}`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'field':
    case undefined:
      return '';
  }
}
