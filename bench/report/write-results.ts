import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Machine } from '../machine.ts';
import type { Row, SkippedRow } from '../row.ts';
import { summarize } from '../statistics.ts';
import { drawPlot } from './plot.ts';
import { writeTable } from './table.ts';
import { verdictsOf } from './verdict.ts';

const PAGE = path.resolve(import.meta.dirname, '../../docs/performance.md');
const MARK = '<!-- last run: npm run bench writes it -->';
const DIRECTORY = path.resolve(import.meta.dirname, '../results');

/** Writes `<name>.md`, `.json` and `.svg`, and returns the table. */
export async function writeResults(
  rows: readonly (Row | SkippedRow)[],
  machine: Machine,
  name: string,
): Promise<string> {
  const measured = rows.filter((row): row is Row => !('skipped' in row));
  const table = writeTable(rows, machine);
  await mkdir(DIRECTORY, { recursive: true });
  await writeFile(path.join(DIRECTORY, `${name}.md`), table);
  await writeFile(path.join(DIRECTORY, `${name}.svg`), drawPlot(measured));
  await writeFile(
    path.join(DIRECTORY, `${name}.json`),
    `${JSON.stringify({ machine, rows: rows.map(toJson) }, null, 1)}\n`,
  );
  return table;
}

function toJson(row: Row | SkippedRow): object {
  if ('skipped' in row) return row;
  const figures = row.figures.map((figure) => ({ ...figure, ...summarize(figure.samples) }));
  return { ...row, figures, verdicts: verdictsOf(row) };
}

/** Puts the table at the end of docs/performance.md, in place of that of the run before. */
export async function writePage(table: string): Promise<void> {
  const [text = ''] = (await readFile(PAGE, 'utf8')).split(MARK);
  const plot = '![bars of the medians](../bench/results/last.svg)';
  await writeFile(PAGE, `${text}${MARK}\n\n${plot}\n\n${table}`);
}
