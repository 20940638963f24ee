import type { ExplainedField, Explanation } from './explain.ts';

/** An explanation as text, laid out as `kubectl explain` does; lines are at most `width` characters where words allow. */
export function formatExplanation(explanation: Explanation, width = 80): string {
  const { kind, apiVersion, path, fields } = explanation;
  const isRoot = !path.includes('.');
  const lines = [`KIND:       ${kind}`, `VERSION:    ${apiVersion}`, ''];
  if (!isRoot) lines.push(`FIELD: ${heading(explanation)}`, '');
  lines.push('DESCRIPTION:', ...details(explanation, width));
  if (fields.length > 0) {
    lines.push('', 'FIELDS:');
    for (const field of fields) lines.push(`  ${heading(field)}`, ...details(field, width), '');
    lines.pop();
  }
  return `${lines.join('\n')}\n`;
}

function heading(field: ExplainedField): string {
  return `${field.name} <${field.type}>${field.isRequired ? ' -required-' : ''}`;
}

function details(field: ExplainedField, width: number): string[] {
  const lines = wrap(field.description === '' ? '(none)' : field.description, width - 4);
  // A single value is what the description says already.
  if (field.values.length > 1)
    lines.push(...wrap(`One of: ${field.values.map((v) => (v === '' ? '""' : v)).join(', ')}.`, width - 4));
  if (field.default !== null) lines.push(`Default: ${field.default}.`);
  return lines.map((line) => `    ${line}`);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
