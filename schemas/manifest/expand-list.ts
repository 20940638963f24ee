import { describeValue } from '../issue/describe-value.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';

/** One manifest of a document, and where in the document it stands: nowhere special, or at `items[2]` of a List. */
export interface ListedValue {
  value: unknown;
  prefix: FieldPath;
}

const LIST_FIELDS = ['apiVersion', 'kind', 'metadata', 'items'];

/** The manifests that a document stands for: itself, or, as kubectl has it, all that a v1 List has in it. */
export function expandList(
  value: unknown,
  prefix: FieldPath = [],
): { values: ListedValue[]; issues: FieldIssue[] } {
  if (!isList(value)) return { values: [{ value, prefix }], issues: [] };
  const at = (name: string): FieldPath => [...prefix, name];
  const { apiVersion, items } = value;
  const unknown = Object.keys(value)
    .filter((name) => !LIST_FIELDS.includes(name))
    .map((name): FieldIssue => ({
      path: at(name),
      message: `unknown field, a List has ${LIST_FIELDS.join(', ')}`,
      code: 'unknown-field',
      mark: 'name',
    }));
  const version: FieldIssue[] =
    apiVersion === 'v1'
      ? []
      : [bad(at('apiVersion'), `expected v1 for kind List, found ${describeValue(apiVersion)}`)];
  if (!Array.isArray(items)) {
    const found = bad(at('items'), `expected a list of manifests, found ${describeValue(items)}`);
    return { values: [], issues: [...unknown, ...version, found] };
  }
  const expanded = items.map((item, i) => expandList(item, [...prefix, 'items', i]));
  return {
    values: expanded.flatMap(({ values }) => values),
    issues: [...unknown, ...version, ...expanded.flatMap(({ issues }) => issues)],
  };
}

function isList(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'List';
}

function bad(path: FieldPath, message: string): FieldIssue {
  return { path, message, code: 'invalid-value', mark: 'value' };
}
