import { checkManifest } from './check-manifest.ts';
import { pathsOfSetChecks } from './check-set.ts';
import { describeIssues } from '../issue/describe-issue.ts';
import { formatExcerpt } from '../yaml/excerpt.ts';
import { expandList } from './expand-list.ts';
import type { ListedValue } from './expand-list.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import { formatFieldPath, valueAt } from '../issue/field-path.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { identifyKind } from './identify-kind.ts';
import { rememberPlaces } from './loaded-manifest.ts';
import type { LoadedManifest, ProblemMaker } from './loaded-manifest.ts';
import { locateField } from '../yaml/locate-field.ts';
import type { FieldRange } from '../yaml/locate-field.ts';
import type { ManifestProblem } from './manifest-error.ts';
import { manifestSchemas } from './manifest.ts';
import type { Manifest, ManifestKind } from './manifest.ts';
import { isOptional, schemaAt } from '../explain/schema-tree.ts';
import { findSecretRanges } from '../data/secret-text.ts';
import type { Secrets } from '../data/secret-text.ts';
import { withoutServerFields } from './server-fields.ts';
import { TextLines } from '../yaml/text-lines.ts';
import { parseYamlText } from '../yaml/yaml-document.ts';
import type { YamlDocument } from '../yaml/yaml-document.ts';
import type { YamlFault } from '../yaml/yaml-fault.ts';
import { valueOfDocument } from '../yaml/yaml-value.ts';
import type { YamlValue } from '../yaml/yaml-value.ts';

/** A person reads no more than this; a hostile file could have a hundred thousand. */
export const MAX_PROBLEMS = 100;

/** What a text holds: the documents that are valid by themselves, and what is wrong with the others, in the text's order. */
export interface LoadResult {
  manifests: LoadedManifest[];
  problems: ManifestProblem[];
}

/**
 * Reads the manifests of one file: YAML 1.2 or JSON, any number of documents, empty ones left out. Never throws, whatever the
 * text is. `file` is for messages only. What concerns several manifests together is `checkSet`'s matter.
 */
export function loadManifests(text: string, file: string): LoadResult {
  const source: Source = { file, lines: new TextLines(text) };
  if (text.trim() === '')
    return { manifests: [], problems: [problemOfFault(source, EMPTY, UNKNOWN_SECRETS)] };
  const parsed = parseYamlText(text);
  const result: LoadResult = {
    manifests: [],
    problems: parsed.faults.map((fault) => problemOfFault(source, fault, UNKNOWN_SECRETS)),
  };
  for (const document of parsed.documents) {
    loadDocument(source, document, result);
    if (result.problems.length >= MAX_PROBLEMS) break;
  }
  result.problems.sort((a, b) => a.line - b.line || a.column - b.column);
  result.problems.splice(MAX_PROBLEMS);
  return result;
}

/** What is left of a file when the disk is full, the power fails or a program before us does: nobody's wish that all be removed. */
const EMPTY: YamlFault = {
  start: 0,
  end: 0,
  message: 'it is empty: expected a manifest, or a comment where none is wanted',
  code: 'empty',
};

type SourceAt = (path: FieldPath) => string;

interface Source {
  file: string;
  lines: TextLines;
}

function loadDocument(source: Source, document: YamlDocument, result: LoadResult): void {
  const refuse = (faults: readonly YamlFault[]) => {
    const secrets = { ranges: findSecretRanges(document.document), isComplete: false };
    result.problems.push(...faults.map((fault) => problemOfFault(source, fault, secrets)));
  };
  if (document.faults.length > 0) {
    refuse(document.faults);
    return;
  }
  const read = valueOfDocument(document.document);
  if (read.faults.length > 0) {
    refuse(read.faults);
    return;
  }
  if (read.value === null) return;
  const { values, issues } = expandList(read.value);
  result.problems.push(...issues.map(problemMaker(source, document, read, [])));
  for (const each of values) {
    loadValue(source, document, { read, ...each }, result);
    if (result.problems.length >= MAX_PROBLEMS) break;
  }
}

interface ReadValue extends ListedValue {
  read: YamlValue;
}

function loadValue(source: Source, document: YamlDocument, readValue: ReadValue, result: LoadResult): void {
  const { read, value, prefix } = readValue;
  const sourceAt = (path: FieldPath) => {
    const issue = { path: [...prefix, ...path], mark: 'value' } as const;
    const { start, end } = locateField(document.document, read.aliases, issue);
    return source.lines.text.slice(start, end);
  };
  const valid = validate(value, sourceAt);
  if ('issues' in valid) {
    const makeProblem = problemMaker(source, document, read, prefix);
    result.problems.push(...valid.issues.slice(0, MAX_PROBLEMS).map(makeProblem));
    return;
  }
  const start =
    prefix.length === 0
      ? (document.document.contents?.range[0] ?? 0)
      : locateField(document.document, read.aliases, { path: prefix, mark: 'value' }).start;
  const place = source.lines.positionAt(start);
  const loaded = { manifest: valid.manifest, file: source.file, ...place, index: document.index, prefix };
  rememberPlaces(loaded, laterProblemMaker(source, document, readValue, valid.manifest));
  result.manifests.push(loaded);
}

/** Checks one document by itself. */
function validate(value: unknown, sourceAt: SourceAt): { manifest: Manifest } | { issues: FieldIssue[] } {
  const identified = identifyKind(value);
  if ('issue' in identified) return { issues: [identified.issue] };
  const { kind } = identified;
  const parsed = parseKind(kind, withoutServerFields(value), sourceAt);
  if ('issues' in parsed) return parsed;
  const issues = checkManifest(parsed.manifest);
  return issues.length > 0 ? { issues } : parsed;
}

function parseKind(
  kind: ManifestKind,
  value: unknown,
  sourceAt: SourceAt,
): { manifest: Manifest } | { issues: FieldIssue[] } {
  const schema = manifestSchemas[kind];
  const first = schema.safeParse(value);
  if (first.success) return { manifest: first.data };
  // In Kubernetes an optional field with nothing in it is the same as none; generated manifests are full of them.
  const empty = first.error.issues
    .map((issue) => issue.path as (string | number)[])
    .filter((path) => path.length > 0 && valueAt(value, path) === null && isOptionalAt(schema, path));
  const input = empty.length === 0 ? value : withoutFields(value, empty);
  const second = empty.length === 0 ? first : schema.safeParse(input);
  if (second.success) return { manifest: second.data };
  return { issues: describeIssues(second.error.issues, { kind, schema, value: input, sourceAt }) };
}

function isOptionalAt(schema: (typeof manifestSchemas)[ManifestKind], path: (string | number)[]): boolean {
  const field = schemaAt(schema, path);
  return typeof path.at(-1) === 'string' && field !== null && isOptional(field);
}

function withoutFields(value: unknown, paths: readonly (string | number)[][]): unknown {
  const copy: unknown = structuredClone(value);
  for (const path of paths) {
    const parent = valueAt(copy, path.slice(0, -1));
    const name = path.at(-1);
    if (typeof parent === 'object' && parent !== null && name !== undefined)
      Reflect.deleteProperty(parent, name);
  }
  return copy;
}

function problemMaker(
  source: Source,
  document: YamlDocument,
  read: YamlValue,
  prefix: FieldPath,
): ProblemMaker {
  let secrets: Secrets | null = null;
  return ({ path, mark, message, code }) => {
    secrets ??= secretsOf(document);
    const issue = { path: [...prefix, ...path], mark };
    const range = locateField(document.document, read.aliases, issue);
    return makeProblem(source, { ...range, message, code }, formatFieldPath(issue.path), secrets);
  };
}

/** For `checkSet`: the few places that it may name are found now, so that the document need not be kept. */
function laterProblemMaker(
  source: Source,
  document: YamlDocument,
  { read, prefix }: ReadValue,
  manifest: Manifest,
): ProblemMaker {
  const secrets = secretsOf(document);
  const ranges = new Map<string, FieldRange>();
  for (const path of pathsOfSetChecks(manifest)) {
    const issue = { path: [...prefix, ...path], mark: 'value' } as const;
    ranges.set(formatFieldPath(path), locateField(document.document, read.aliases, issue));
  }
  return ({ path, message, code }) => {
    const field = formatFieldPath(path);
    const range = ranges.get(field) ?? ranges.get('metadata.name') ?? { start: 0, end: 0 };
    return makeProblem(source, { ...range, message, code }, formatFieldPath([...prefix, ...path]), secrets);
  };
}

const UNKNOWN_SECRETS: Secrets = { ranges: [], isComplete: false };

function secretsOf({ document }: YamlDocument): Secrets {
  return { ranges: findSecretRanges(document), isComplete: true };
}

function problemOfFault(source: Source, fault: YamlFault, secrets: Secrets): ManifestProblem {
  return makeProblem(source, fault, '', secrets);
}

function makeProblem(source: Source, fault: YamlFault, field: string, secrets: Secrets): ManifestProblem {
  const { file, lines } = source;
  const place = lines.positionAt(fault.start);
  const lineEnd = lines.rangeOfLine(place.line).end;
  // The marked text ends with its line, and covers at least one character.
  const length = Math.max(1, Math.min(fault.end, lineEnd) - fault.start);
  const excerpt = lines.text === '' ? null : formatExcerpt(lines, { ...place, length }, secrets);
  return { file, ...place, length, field, message: fault.message, code: fault.code, excerpt };
}
