import type { ConfigMap } from './config-map.ts';
import { decodeEntries, MAX_DATA_BYTES } from './data-entries.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict, duplicate, exactlyOne } from '../issue/make-issue.ts';
import { parseSignal } from '../value/signal.ts';
import type { Secret, SecretSource } from './secret.ts';
import { ValueError } from '../value/value-error.ts';

const ORIGINS = ['file', 'ageFile', 'sopsFile', 'credential'];

/** A key in both halves would have two values. */
export function checkConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldIssue[] {
  return [
    ...Object.keys(binaryData)
      .filter((key) => Object.hasOwn(data, key))
      .map((key) => duplicate(['binaryData', key], `\`${key}\` stands in data already`)),
    ...checkSize(data, binaryData, ['data']),
  ];
}

/** What the fields of a Secret say about each other. */
export function checkSecret(secret: Secret): FieldIssue[] {
  const { apiVersion, data = {}, stringData = {}, from = {} } = secret;
  const foreign = (['from', 'rotation'] as const)
    .filter((name) => apiVersion === 'v1' && secret[name] !== undefined)
    .map((name) =>
      conflict([name], 'a Secret of Kubernetes has no such field: set apiVersion: tsctr.dev/v1'),
    );
  return [
    ...foreign,
    ...Object.entries(from).flatMap(([key, source]) => checkSource(key, source, { ...data, ...stringData })),
    ...checkRotation(secret),
    ...checkSize(stringData, data, ['data']),
  ];
}

function checkSource(
  key: string,
  source: SecretSource,
  given: Readonly<Record<string, string>>,
): FieldIssue[] {
  const at = ['from', key];
  if (Object.hasOwn(given, key))
    return [duplicate(at, `\`${key}\` has a value in data or stringData already`)];
  const origin = exactlyOne(at, source, ORIGINS, 'where the value comes from');
  return [
    ...(origin === null ? [] : [origin]),
    ...(source.identity !== undefined && source.ageFile === undefined
      ? [conflict([...at, 'identity'], 'only ageFile needs an identity')]
      : []),
    ...(source.extract !== undefined && source.sopsFile === undefined
      ? [conflict([...at, 'extract'], 'only a sopsFile has parts')]
      : []),
  ];
}

function checkRotation({ rotation }: Secret): FieldIssue[] {
  if (rotation?.signal === undefined) return [];
  const at = ['rotation', 'signal'];
  if (rotation.policy !== 'signal') return [conflict(at, 'only policy signal sends one')];
  try {
    parseSignal(rotation.signal);
    return [];
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return [badValue(at, error.message)];
  }
}

function checkSize(
  text: Readonly<Record<string, string>>,
  encoded: Readonly<Record<string, string>>,
  at: FieldPath,
): FieldIssue[] {
  const entries = Object.values(decodeEntries(text, encoded));
  const bytes = entries.reduce((sum, value) => sum + value.byteLength, 0);
  if (bytes <= MAX_DATA_BYTES) return [];
  return [badValue(at, `expected at most ${String(MAX_DATA_BYTES)} bytes in all, found ${String(bytes)}`)];
}
