import { CliError } from '../command-line/cli-error.ts';

type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels) => boolean;

const KEY = String.raw`[A-Za-z0-9][-A-Za-z0-9_./]*`;
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s+\(([^)]*)\)$`);
const EQUAL = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*([-A-Za-z0-9_./]*)$`);
const EXISTS = new RegExp(`^(!?)(${KEY})$`);

/**
 * A label selector as kubectl takes it: `app=web,tier!=cache`, `app in (a, b)`, `app notin (c)`, `app`, `!app`. As in
 * Kubernetes, `!=` and `notin` also hold for what does not carry the label.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const terms = splitTerms(text).map((term) => parseTerm(term, text));
  return (labels) => terms.every((matches) => matches(labels));
}

/** At commas that are not within parentheses. */
function splitTerms(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

function parseTerm(term: string, whole: string): LabelSelector {
  const set = SET.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    const isIn = (labels: Labels): boolean => {
      const value = labels[key];
      return value !== undefined && values.includes(value);
    };
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const equal = EQUAL.exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = EXISTS.exec(term);
  if (exists !== null) {
    const [, not, key = ''] = exists;
    return (labels) => (labels[key] !== undefined) === (not === '');
  }
  throw new CliError(
    'BAD_INPUT',
    `selector '${whole}': cannot read '${term}'`,
    "write it like -l app=web or -l 'app in (web, api)'",
  );
}
