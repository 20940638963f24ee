import { Composer, Lexer, Parser } from 'yaml';
import type { Document, ScalarTag, Tags } from 'yaml';
import { faultOfParser, findIndentingTab } from './yaml-fault.ts';
import type { YamlFault } from './yaml-fault.ts';

/** What a file may hold. Texts beyond any of these are refused before they cost much. */
export const YAML_LIMITS = {
  textBytes: 3 * 1024 * 1024,
  documents: 10_000,
  /** Lexical tokens: bounds time and memory for dense texts (`[[],[],…`). A megabyte of ordinary manifests has some 250,000. */
  tokens: 1_000_000,
  depth: 64,
} as const;

export interface YamlDocument {
  /** Position among the documents of the text, from 0. */
  index: number;
  document: Document.Parsed;
  faults: YamlFault[];
}

export interface YamlText {
  documents: YamlDocument[];
  /** Faults that concern the text as a whole: with these there are no documents. */
  faults: YamlFault[];
}

/** Kubernetes' tools read `0644` as octal, as YAML 1.1 did; YAML 1.2 would make it six hundred and forty-four. */
const goOctal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  format: 'OCT',
  test: /^[-+]?0[0-7]+$/,
  resolve: (text: string) => Number.parseInt(text, 8),
};

/** Reads the YAML 1.2 (or JSON) documents of `text`. Never throws: what is wrong stands in the faults. */
export function parseYamlText(text: string): YamlText {
  const refused = refuseText(text);
  if (refused !== null) return { documents: [], faults: [refused] };
  const source = spacesForTabsInJson(text);
  const parsed = parseTokens(source);
  if ('fault' in parsed) return { documents: [], faults: [parsed.fault] };
  const composer = new Composer({
    version: '1.2',
    prettyErrors: false,
    stringKeys: true,
    // Ours is linear; the library compares each key with each other one.
    uniqueKeys: false,
    customTags: (tags: Tags) => [goOctal, ...tags],
  });
  const documents: YamlDocument[] = [];
  for (const document of composer.compose(parsed.tokens)) {
    documents.push({ index: documents.length, document, faults: faultsOf(document, source) });
  }
  const streamErrors = composer.streamInfo().errors;
  return { documents, faults: documents.length === 0 ? streamErrors.slice(0, 1).map(faultOfParser) : [] };
}

function refuseText(text: string): YamlFault | null {
  const bytes = Buffer.byteLength(text);
  if (bytes > YAML_LIMITS.textBytes) {
    const found = `expected at most ${String(YAML_LIMITS.textBytes)} bytes, found ${String(bytes)}`;
    return { start: 0, end: 1, message: `the text is too large: ${found}`, code: 'limit' };
  }
  const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text);
  if (control === null) return null;
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  const name = code === '0000' ? 'a NUL byte' : `the control character U+${code}`;
  return {
    start: control.index,
    end: control.index + 1,
    message: `${name} cannot stand in a manifest`,
    code: 'syntax',
  };
}

type Token = Parameters<Composer['next']>[0];

/** Breaks off as soon as a limit is passed: the parser's stack is the depth that the text has reached. */
function parseTokens(text: string): { tokens: Token[] } | { fault: YamlFault } {
  const parser = new Parser();
  const tokens: Token[] = [];
  let count = 0;
  let documents = 0;
  const fail = (message: string, code: string, start = parser.offset) => ({
    fault: { start: Math.min(start, text.length), end: start + 1, message, code },
  });
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count > YAML_LIMITS.tokens) {
      return fail(`the text is too dense: expected at most ${String(YAML_LIMITS.tokens)} tokens`, 'limit');
    }
    const start = parser.offset;
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') {
        return fail(
          'directives are not supported: remove this line; manifests are YAML 1.2',
          'directive',
          token.offset,
        );
      }
      if (token.type === 'document') documents += 1;
      tokens.push(token);
    }
    // The document and a scalar under construction are on the stack as well.
    if (parser.stack.length > YAML_LIMITS.depth + 2) {
      return fail(`nested too deeply: expected at most ${String(YAML_LIMITS.depth)} levels`, 'limit', start);
    }
    if (documents > YAML_LIMITS.documents) {
      return fail(`too many documents: expected at most ${String(YAML_LIMITS.documents)}`, 'limit', start);
    }
  }
  tokens.push(...parser.end());
  return { tokens };
}

function faultsOf(document: Document.Parsed, text: string): YamlFault[] {
  // One wrong character often gives several errors; those after the first few tell nothing new.
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]).slice(0, 5);
  const first = errors[0];
  if (first === undefined) return [];
  const tab = findIndentingTab(text, first.pos[0]);
  if (tab !== null && document.errors.length > 0) return [tab];
  const faults = errors.map(faultOfParser);
  return faults
    .filter((fault, i) => i === 0 || fault.start !== faults[i - 1]?.start)
    .slice(0, document.errors.length > 0 ? 1 : 5);
}

/** JSON may be indented with tabs, YAML may not. Both have the same positions after this. */
function spacesForTabsInJson(text: string): string {
  if (!text.includes('\t') || !/^\uFEFF?\s*[[{]/.test(text)) return text;
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return text;
  }
  // Inside of its strings JSON has no tab that is not escaped.
  return text.replaceAll('\t', ' ');
}
