import type { PodContainer } from './container.ts';
import type { EnvVar } from './env.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { conflict, exactlyOne, unknownName } from '../issue/make-issue.ts';
import { suggestion } from '../issue/suggest-name.ts';

/** What a fieldRef may name: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Each variable has one value, from one place. */
export function checkEnvironment(
  spec: Pick<PodContainer, 'env' | 'envFrom'>,
  parent: FieldPath,
): FieldIssue[] {
  return [
    ...(spec.env ?? []).flatMap((variable, i) => checkVariable(variable, [...parent, 'env', i])),
    ...(spec.envFrom ?? []).flatMap((source, i) => {
      const issue = exactlyOne(
        [...parent, 'envFrom', i],
        source,
        ['configMapRef', 'secretRef'],
        'the source of the variables',
      );
      return issue === null ? [] : [issue];
    }),
  ];
}

function checkVariable({ value, valueFrom }: EnvVar, at: FieldPath): FieldIssue[] {
  if (valueFrom === undefined) return [];
  const from = [...at, 'valueFrom'];
  if (value !== undefined)
    return [conflict(from, 'the variable has a value already: expected only one of value and valueFrom')];
  const issue = exactlyOne(
    from,
    valueFrom,
    ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'],
    'the source of the value',
  );
  if (issue !== null) return [issue];
  const field = valueFrom.fieldRef?.fieldPath;
  if (
    field === undefined ||
    FIELD_PATHS.includes(field) ||
    /^metadata\.(labels|annotations)\['[^']+'\]$/.test(field)
  )
    return [];
  const expected = "expected a field such as metadata.name, status.podIP or metadata.labels['key']";
  const message = `${expected}, found ${JSON.stringify(field)}${suggestion(field, FIELD_PATHS)}`;
  return [unknownName([...from, 'fieldRef', 'fieldPath'], message)];
}
