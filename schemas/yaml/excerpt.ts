import { findSecretLikeRanges } from '../data/secret-text.ts';
import type { Secrets } from '../data/secret-text.ts';
import type { TextLines } from './text-lines.ts';

const MAX_WIDTH = 160;

/**
 * The line of a problem with the line above it, numbered, and a marker below:
 *
 *     6 |   image: localhost/demo:1
 *     7 |   comand: [sh]
 *       |   ^^^^^^
 *
 * What stands in `secrets` is replaced by asterisks. Long lines are cut around the marked text.
 */
export function formatExcerpt(
  lines: TextLines,
  place: { line: number; column: number; length: number },
  secrets: Secrets,
): string {
  const width = String(place.line).length + 4;
  const shift = Math.max(
    0,
    Math.min(place.column - 1 + Math.min(place.length, 40) - MAX_WIDTH + 1, place.column - 1),
  );
  const rows = [place.line - 1, place.line]
    .filter((line) => line >= 1)
    .map((line) => row(String(line), cut(printableLine(lines, line, secrets), shift), width));
  const markStart = place.column - 1 - shift;
  const mark = '^'.repeat(Math.max(1, Math.min(place.length, MAX_WIDTH - markStart)));
  rows.push(row('', ' '.repeat(markStart) + mark, width));
  return rows.join('\n');
}

function row(label: string, text: string, width: number): string {
  return `${label.padStart(width)} | ${text}`.trimEnd();
}

function cut(text: string, shift: number): string {
  const end = shift + MAX_WIDTH;
  const shown = text.slice(shift, end);
  return (shift > 0 ? `…${shown.slice(1)}` : shown) + (text.length > end ? '…' : '');
}

function printableLine(lines: TextLines, line: number, secrets: Secrets): string {
  const { start, end } = lines.rangeOfLine(line);
  let text = lines.text.slice(start, end);
  const guessed = secrets.isComplete ? [] : findSecretLikeRanges(text, start);
  for (const [from, to] of [...secrets.ranges, ...guessed]) {
    if (to <= start || from >= end) continue;
    const a = Math.max(from, start) - start;
    const b = Math.min(to, end) - start;
    text = text.slice(0, a) + text.slice(a, b).replace(/\S/g, '*') + text.slice(b);
  }
  // Tabs and other control characters would move the marker, or the terminal's cursor.
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, ' ');
}
