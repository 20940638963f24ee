import type { z } from 'zod';
import { containerSpec } from '../container/container.ts';
import { describeKind, describeValue } from './describe-value.ts';
import type { FieldIssue } from './field-issue.ts';
import { formatFieldPath, valueAt } from './field-path.ts';
import type { FieldPath } from './field-path.ts';
import { explainForeignField } from '../manifest/foreign-field.ts';
import { fieldsOf, schemaAt } from '../explain/schema-tree.ts';
import { isSecretPath } from '../data/secret-text.ts';
import { suggestName, suggestion } from './suggest-name.ts';

type ZodIssue = z.core.$ZodIssue;

/** Nobody reads more, and looking for suggestions costs more than finding the fault. */
const MAX_ISSUES = 100;

export interface IssueContext {
  kind: string;
  schema: z.core.$ZodType;
  /** What was validated. */
  value: unknown;
  /** The text of a number or boolean as it was written, such as `0022`. */
  sourceAt: (path: FieldPath) => string;
}

/** Says in words what zod found: one entry for each place. */
export function describeIssues(issues: readonly ZodIssue[], context: IssueContext): FieldIssue[] {
  const described = issues
    .slice(0, MAX_ISSUES)
    .flatMap((issue) => describeIssue(issue, issue.path as FieldPath, context));
  const meant = new Set(
    described.flatMap(({ path, suggested }) =>
      suggested == null ? [] : [formatFieldPath([...path.slice(0, -1), suggested])],
    ),
  );
  // A field that is there under a misspelt name is not missing as well.
  return described.filter(({ path, code }) => code !== 'missing-field' || !meant.has(formatFieldPath(path)));
}

/** With the name that an unknown field was likely meant to have. */
type Described = FieldIssue & { suggested?: string | null };

function describeIssue(issue: ZodIssue, path: FieldPath, context: IssueContext): Described[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MAX_ISSUES).map((key) => describeUnknown(path, key, context));
  const value = valueAt(context.value, path);
  if (issue.code === 'invalid_union' && valuesOfUnion(issue.errors) === null) {
    const branch = likeliestBranch(issue.errors);
    if (branch !== null)
      return branch.flatMap((inner) =>
        describeIssue(inner, [...path, ...(inner.path as FieldPath)], context),
      );
  }
  if (value === undefined) {
    const expected = expectationOf(issue);
    return [{ path, message: `missing, ${expected}`, code: 'missing-field', mark: 'parent' }];
  }
  const message = `${expectationOf(issue)}, found ${describeFound(issue, value, path, context)}`;
  return [{ path, message, code: issue.code.replaceAll('_', '-'), mark: 'value' }];
}

/** The branch of a union that the value was meant for: one whose type it has, with the fewest errors. Null when none fits. */
function likeliestBranch(branches: readonly (readonly ZodIssue[])[]): readonly ZodIssue[] | null {
  const ofType = branches.filter(
    (issues) => !issues.some((i) => i.path.length === 0 && i.code === 'invalid_type'),
  );
  return ofType.sort((a, b) => a.length - b.length)[0] ?? null;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping of names to strings',
};

function expectationOf(issue: ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `expected ${String(issue.values[0])}`
        : `expected one of ${issue.values.map((v) => (v === '' ? '""' : String(v))).join(', ')}`;
    case 'too_big':
      return `expected at most ${String(issue.maximum)}${unitOf(issue.origin, issue.maximum)}`;
    case 'too_small':
      return `expected at least ${String(issue.minimum)}${unitOf(issue.origin, issue.minimum)}`;
    case 'invalid_union':
      return valuesOfUnion(issue.errors) ?? `expected ${typesOfUnion(issue.errors)}`;
    case 'invalid_key':
      return 'the name of this entry is not valid';
    default:
      // Formats carry words of our own.
      return issue.message;
  }
}

function unitOf(origin: string, count: number | bigint): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin === 'array') return count === 1 ? ' entry' : ' entries';
  return '';
}

function typesOfUnion(branches: readonly (readonly ZodIssue[])[]): string {
  const names = branches.flatMap((issues) =>
    issues.flatMap((i) => (i.code === 'invalid_type' ? [TYPE_NAMES[i.expected] ?? i.expected] : [])),
  );
  return [...new Set(names)].join(' or ');
}

/** A union of nothing but values, put as one list of them; null for other unions. */
function valuesOfUnion(branches: readonly (readonly ZodIssue[])[]): string | null {
  const values = branches.map((issues) => {
    const [issue] = issues;
    return issue?.code === 'invalid_value' && issue.path.length === 0 ? issue.values.map(String) : null;
  });
  return values.includes(null) ? null : `expected one of ${values.flat().join(', ')}`;
}

function describeFound(issue: ZodIssue, value: unknown, path: FieldPath, context: IssueContext): string {
  if (issue.code === 'too_big' && typeof value === 'string') return String(value.length);
  const isSecret = isSecretPath(path);
  const isBare = typeof value === 'number' || typeof value === 'boolean';
  const found = isSecret
    ? describeKind(value)
    : isBare
      ? bareText(value, path, context)
      : describeValue(value);
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    return `${found}${suggestion(value, issue.values.map(String))}`;
  }
  const isUnquoted = isBare && issue.code === 'invalid_type' && issue.expected === 'string';
  if (!isUnquoted) return found;
  return isSecret ? `${found}: put it in quotes` : `${found}: put it in quotes, "${found}"`;
}

/** As it was written; behind an alias that is not where it stands. */
function bareText(value: number | boolean, path: FieldPath, context: IssueContext): string {
  const source = context.sourceAt(path);
  return /^[-+.\w]+$/.test(source) ? source : String(value);
}

function describeUnknown(parent: FieldPath, key: string, context: IssueContext): Described {
  const path = [...parent, key];
  const foreign = explainForeignField(context.kind, parent, key);
  if (foreign !== null) return { path, message: foreign.message, code: foreign.code, mark: 'name' };
  if (context.kind === 'Pod' && parent[0] === 'spec' && Object.hasOwn(containerSpec.shape, key)) {
    const message = `is a field of kind Container, a Pod has Kubernetes' own fields only`;
    return { path, message, code: 'misplaced-field', mark: 'name' };
  }
  const schema = schemaAt(context.schema, parent);
  const known = schema === null ? [] : Object.keys(fieldsOf(schema) ?? {});
  const suggested = suggestName(key, known);
  const hint = suggested === null ? '' : `, did you mean \`${suggested}\`?`;
  return { path, message: `unknown field${hint}`, code: 'unknown-field', mark: 'name', suggested };
}
