import type { ErrorCode } from 'yaml';

/** Something that is wrong with the text itself. Offsets into the text; the end is exclusive. */
export interface YamlFault {
  start: number;
  end: number;
  message: string;
  code: string;
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'the indentation fits no line above',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping or list cannot stand here: put it on a line of its own, or the text in quotes',
  MULTILINE_IMPLICIT_KEY: 'the name of a field must stand on one line, followed by `:`',
  KEY_OVER_1024_CHARS: 'the name of a field is longer than 1024 characters',
  MISSING_CHAR: 'something is missing here',
  NON_STRING_KEY: 'the name of a field must be a string',
  TAB_AS_INDENT: 'a tab cannot indent YAML: use spaces',
  BAD_ALIAS: 'an alias or anchor without a usable name',
  BAD_SCALAR_START: 'a plain string cannot begin with this character: put it in quotes',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};

/** Says in our words what the parser found, with its own words where they tell more. */
export function faultOfParser(error: { code: ErrorCode; message: string; pos: [number, number] }): YamlFault {
  // The library's messages are one line as long as `prettyErrors` is off. Some quote the text, which may be a secret.
  const own = /closing .*quote/i.test(error.message)
    ? 'a quote is opened and not closed'
    : /^Flow (map|sequence) in block collection/.test(error.message)
      ? 'a `[` or `{` above is not closed, or this line is indented too little to be within it'
      : MESSAGES[error.code];
  const theirs = (error.message.split('\n', 1)[0] ?? '').replace(/: ".*$/, '').replace(/[.:]$/, '');
  const lower = theirs.charAt(0).toLowerCase() + theirs.slice(1);
  const specific =
    own !== undefined && own === MESSAGES[error.code] && ['MISSING_CHAR', 'BAD_INDENT'].includes(error.code);
  const message = own === undefined ? lower : specific ? `${own} (${lower})` : own;
  return {
    start: error.pos[0],
    end: Math.max(error.pos[1], error.pos[0] + 1),
    message: `not valid YAML: ${message}`,
    code:
      error.code === 'NON_STRING_KEY'
        ? 'non-string-key'
        : error.code === 'RESOURCE_EXHAUSTION'
          ? 'limit'
          : 'syntax',
  };
}

/**
 * The tab that stands where indentation is wanted, on the line of `errorOffset` or the one before. Parsers report the
 * consequences of a tab in many ways; the tab is what a person must be shown.
 */
export function findIndentingTab(text: string, errorOffset: number): YamlFault | null {
  const lineStart = text.lastIndexOf('\n', errorOffset - 1) + 1;
  const pattern = /^ *(\t+)[^\s#]/gmu;
  pattern.lastIndex = lineStart === 0 ? 0 : text.lastIndexOf('\n', lineStart - 2) + 1;
  const match = pattern.exec(text);
  if (match?.[1] === undefined || match.index > errorOffset) return null;
  const start = text.indexOf('\t', match.index);
  return {
    start,
    end: start + match[1].length,
    message: 'a tab cannot indent YAML: use spaces',
    code: 'tab',
  };
}
