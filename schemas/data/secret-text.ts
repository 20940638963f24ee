import { isPair, isScalar, isSeq, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { FieldPath } from '../issue/field-path.ts';

const SECRET_NAME = /passw|passphrase|secret|token|credential|private_?key|api_?key/i;
/** Values of environment variables, headers and sysctls; the data of secrets and config maps. */
const VALUE_FIELDS = new Set(['value', 'data', 'stringData', 'binaryData']);

function isSecretName(name: string): boolean {
  return VALUE_FIELDS.has(name) || (SECRET_NAME.test(name) && !/(Ref|Name|Key|Path|Policy)$/.test(name));
}

/** In an entry of `env` everything else may be a value whose field is misspelt. */
function isSecretInEnv(name: string): boolean {
  return name !== 'name' && name !== 'valueFrom';
}

/** True when the value of this field must not be printed: it may well be a password. */
export function isSecretPath(path: FieldPath): boolean {
  return path.some((part, i) => {
    if (typeof part !== 'string') return false;
    return (
      isSecretName(part) || (path[i - 2] === 'env' && typeof path[i - 1] === 'number' && isSecretInEnv(part))
    );
  });
}

/** A place in a text that must not be printed. Offsets; the end is exclusive. */
export type SecretRange = readonly [start: number, end: number];

/** What must not be printed of a text. */
export interface Secrets {
  ranges: readonly SecretRange[];
  /** False when the text could not be read, so that lines have to be searched for what looks like a secret. */
  isComplete: boolean;
}

/** Where the values stand of which `isSecretPath` holds. */
export function findSecretRanges(document: Document.Parsed): SecretRange[] {
  const ranges: SecretRange[] = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key)) return undefined;
      const name = String(pair.key.value);
      if (!isSecretName(name) && !(isEntryOfEnv(ancestors) && isSecretInEnv(name))) return undefined;
      const value = pair.value as Node | null;
      if (value?.range === null || value?.range === undefined) return undefined;
      if (isScalar(value) && typeof value.value === 'boolean') return undefined;
      ranges.push([value.range[0], value.range[1]]);
      return visit.SKIP;
    },
  });
  return ranges;
}

/** True when the innermost mapping stands in a list that is the value of `env`. */
function isEntryOfEnv(ancestors: readonly unknown[]): boolean {
  const pair = ancestors.at(-3);
  return isSeq(ancestors.at(-2)) && isPair(pair) && isScalar(pair.key) && pair.key.value === 'env';
}

/** For a text that could not be parsed: everything behind what looks like the name of a secret field, in one line. */
export function findSecretLikeRanges(line: string, offset: number): SecretRange[] {
  const ranges: SecretRange[] = [];
  for (const match of line.matchAll(/(["']?)([\w.-]+)\1\s*:\s+(?=\S)/g)) {
    const name = match[2] ?? '';
    if (!isSecretName(name)) continue;
    ranges.push([offset + match.index + match[0].length, offset + line.length]);
    break;
  }
  return ranges;
}
