import type { Painter, Colour } from './colour.ts';
import { plain } from './colour.ts';
import { displayWidth, fit, printableLine } from './printable.ts';

export interface Column<Row> {
  title: string;
  value(row: Row): string;
  colour?(row: Row): Colour | null;
}

export interface TableOptions {
  paint?: Painter;
  /** Width of the terminal; the last column is cut to fit. Null: nothing is cut. */
  columns?: number | null;
  headers?: boolean;
  /** Spaces between two columns. */
  gap?: number;
  /** Widths of a table printed before, which this one goes on with; it is widened in place. */
  widths?: number[];
}

/** Columns as kubectl prints them: left-aligned, as wide as their widest value, the last one not padded. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): string {
  const { paint = plain, headers = true, gap = 2, widths = [] } = options;
  const cells = rows.map((row) => columns.map((column) => printableLine(column.value(row))));
  const titles = columns.map((column) => column.title);
  columns.forEach((_, i) => {
    const all = [...(headers ? [titles] : []), ...cells].map((line) => displayWidth(line[i] ?? ''));
    widths[i] = Math.max(widths[i] ?? 0, ...all);
  });

  const line = (values: readonly string[], colours: readonly (Colour | null)[]): string => {
    const end = values.findLastIndex((value) => value !== '');
    const shown = values.slice(0, end + 1).map((value, i) => {
      const isLast = i === values.length - 1;
      const text = isLast ? fitLast(value, widths, gap, options.columns ?? null) : value;
      const colour = colours[i] ?? null;
      const coloured = colour === null || text === '' ? text : paint(colour, text);
      return i === end ? coloured : coloured + ' '.repeat((widths[i] ?? 0) - displayWidth(text) + gap);
    });
    return `${shown.join('')}\n`;
  };

  const head = headers
    ? line(
        titles,
        titles.map(() => 'bold'),
      )
    : '';
  return (
    head +
    rows
      .map((row, r) =>
        line(
          cells[r] ?? [],
          columns.map((column) => column.colour?.(row) ?? null),
        ),
      )
      .join('')
  );
}

/** What is left for the last column must be worth reading, otherwise it wraps as the terminal does. */
const WORTH_READING = 16;

function fitLast(value: string, widths: readonly number[], gap: number, columns: number | null): string {
  if (columns === null) return value;
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap, 0);
  const left = columns - before;
  return left < WORTH_READING ? value : fit(value, left);
}
