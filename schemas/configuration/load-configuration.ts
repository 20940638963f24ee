import { configuration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { describeIssues } from '../issue/describe-issue.ts';
import { formatFieldPath } from '../issue/field-path.ts';
import { locateField } from '../yaml/locate-field.ts';
import { ManifestError } from '../manifest/manifest-error.ts';
import type { ManifestProblem } from '../manifest/manifest-error.ts';
import { formatExcerpt } from '../yaml/excerpt.ts';
import { TextLines } from '../yaml/text-lines.ts';
import { parseYamlText } from '../yaml/yaml-document.ts';
import type { YamlFault } from '../yaml/yaml-fault.ts';
import { valueOfDocument } from '../yaml/yaml-value.ts';

/** Reads the configuration file: one YAML document. Throws ManifestError with places as in manifests. An empty text is all defaults. */
export function loadConfiguration(text: string, file: string): Configuration {
  const lines = new TextLines(text);
  const refuse = (faults: readonly (YamlFault & { field?: string })[]): never => {
    throw new ManifestError(faults.map((fault) => problemOf(file, lines, fault)));
  };
  const { documents, faults } = parseYamlText(text);
  if (faults.length > 0) refuse(faults);
  const [document, second] = documents;
  if (document === undefined) return configuration.parse({});
  if (second !== undefined) {
    const start = second.document.contents?.range[0] ?? 0;
    refuse([{ start, end: start + 1, message: 'expected one document, found another', code: 'syntax' }]);
  }
  if (document.faults.length > 0) refuse(document.faults);
  const read = valueOfDocument(document.document);
  if (read.faults.length > 0) refuse(read.faults);
  const parsed = configuration.safeParse(read.value ?? {});
  if (parsed.success) return parsed.data;
  const issues = describeIssues(parsed.error.issues, {
    kind: 'Configuration',
    schema: configuration,
    value: read.value,
    sourceAt: (path) => {
      const { start, end } = locateField(document.document, read.aliases, { path, mark: 'value' });
      return text.slice(start, end);
    },
  });
  return refuse(
    issues.map((issue) => ({
      ...locateField(document.document, read.aliases, issue),
      message: issue.message,
      code: issue.code,
      field: formatFieldPath(issue.path),
    })),
  );
}

function problemOf(file: string, lines: TextLines, fault: YamlFault & { field?: string }): ManifestProblem {
  const place = lines.positionAt(fault.start);
  const lineEnd = lines.rangeOfLine(place.line).end;
  const length = Math.max(1, Math.min(fault.end, lineEnd) - fault.start);
  const excerpt = formatExcerpt(lines, { ...place, length }, { ranges: [], isComplete: true });
  return {
    file,
    ...place,
    length,
    field: fault.field ?? '',
    message: fault.message,
    code: fault.code,
    excerpt,
  };
}
