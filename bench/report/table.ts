import type { Machine } from '../machine.ts';
import type { Row, SkippedRow } from '../row.ts';
import { pairedRatio, summarize } from '../statistics.ts';
import { verdictsOf } from './verdict.ts';

/** The results as Markdown: one table of figures, one of promises, and what was not measured. */
export function writeTable(rows: readonly (Row | SkippedRow)[], machine: Machine): string {
  const measured = rows.filter((row): row is Row => !('skipped' in row));
  const skipped = rows.filter((row): row is SkippedRow => 'skipped' in row);
  const lines = [
    ...describe(machine),
    '',
    ...markdown(
      ['row', 'contender', 'median', 'min', 'max', 'n', 'ours ÷ it'],
      measured.flatMap(figureLines),
    ),
  ];
  const promises = measured.flatMap(promiseLines);
  if (promises.length > 0) lines.push('', ...markdown(['row', 'promise', 'found', ''], promises));
  const notes = measured.flatMap(({ name, notes }) => notes.map((note) => `- ${name}: ${note}`));
  const reasons = skipped.map((row) => `- ${row.name}: not measured: ${row.skipped}`);
  if (notes.length + reasons.length > 0) lines.push('', ...notes, ...reasons);
  return `${lines.join('\n')}\n`;
}

function describe(machine: Machine): string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.date}; ${machine.cpus}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}; ${versions.join(', ')}.`,
    `Load average before ${machine.loadAverageBefore.join(' ')}, after ${machine.loadAverageAfter.join(' ')}.`,
  ];
}

function figureLines(row: Row): string[][] {
  const [ours] = row.figures;
  return row.figures.map((figure, i) => {
    const { median, min, max, count } = summarize(figure.samples);
    const ratio = ours === undefined || i === 0 ? null : pairedRatio(ours.samples, figure.samples);
    return [
      i === 0 ? `**${row.name}**: ${row.what}` : '',
      figure.contender,
      `${format(median)} ${row.unit}`,
      format(min),
      format(max),
      String(count),
      ratio?.toFixed(2) ?? '',
    ];
  });
}

function promiseLines(row: Row): string[][] {
  return verdictsOf(row).map(({ promise, found, isKept }) => [
    row.name,
    promise,
    promise.includes('×') ? `${found.toFixed(2)} ×` : `${format(found)} ${row.unit}`,
    isKept ? 'kept' : 'short',
  ]);
}

/** Three digits that mean something. */
export function format(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Columns are padded, so that it reads well in a terminal too. */
function markdown(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) =>
    Math.max(title.length, 3, ...body.map((line) => line[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
}
