import type { ExplainedField, Explanation } from '../../schemas/index.ts';
import type { Painter } from './colour.ts';
import { displayWidth, printable } from './printable.ts';

/** A field and those below it, as kubectl explain lays them out; `width` in columns. */
export function formatExplanation(explanation: Explanation, paint: Painter, width: number): string {
  const { kind, apiVersion, path, fields } = explanation;
  const head = `${kind} (${apiVersion})\n\n${paint('bold', path)}  ${typeOf(explanation)}\n${about(explanation, width, '  ')}`;
  if (fields.length === 0) return head;
  const list = fields.map(
    (field) => `  ${paint('bold', field.name)}  ${typeOf(field)}\n${about(field, width, '      ')}`,
  );
  return `${head}\n${paint('bold', 'Fields:')}\n${list.join('')}`;
}

function typeOf(field: ExplainedField): string {
  return `<${field.type}>${field.isRequired ? ' required' : ''}`;
}

function about(field: ExplainedField, width: number, indent: string): string {
  const lines = [
    field.description,
    field.values.length === 0 ? '' : `One of: ${field.values.map((v) => (v === '' ? '""' : v)).join(', ')}`,
    field.default === null ? '' : `Default: ${field.default}`,
  ];
  return lines
    .filter((line) => line !== '')
    .map((line) => wrap(printable(line), width, indent))
    .join('');
}

/** Breaks at spaces, so that no line is longer than `width`. */
function wrap(text: string, width: number, indent: string): string {
  const most = Math.max(30, Math.min(width, 110)) - indent.length;
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && displayWidth(last) + 1 + displayWidth(word) > most) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line) => `${indent}${line}\n`).join('');
}
