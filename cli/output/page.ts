import { formatAge } from './age.ts';
import type { Painter } from './colour.ts';
import { printableLine } from './printable.ts';
import { formatTable } from './table.ts';

/** A line of what `describe` prints; left out where there is no value. */
export type Row = readonly [label: string, value: string | null | undefined];

export function rowsText(rows: readonly Row[], paint: Painter, indent = ''): string {
  const shown = rows.filter(
    (row): row is [string, string] => row[1] !== null && row[1] !== undefined && row[1] !== '',
  );
  const width = 17;
  return shown
    .map(
      ([label, value]) =>
        `${indent}${paint('bold', `${label}:`.padEnd(width - indent.length))} ${printableLine(value)}\n`,
    )
    .join('');
}

/** The last part of a page, but for events; empty when there are none. */
export function conditionsText(
  conditions: readonly { type: string; status: string; reason: string; message: string }[],
  paint: Painter,
): string {
  if (conditions.length === 0) return '';
  const table = formatTable(
    [
      { title: '  TYPE', value: (c) => `  ${c.type}` },
      { title: 'STATUS', value: (c) => c.status },
      { title: 'REASON', value: (c) => c.reason },
      { title: 'MESSAGE', value: (c) => c.message },
    ],
    conditions,
    { paint },
  );
  return `${paint('bold', 'Conditions:')}\n${table}`;
}

/** `2026-01-02T03:04:05.678Z (3m ago)`. */
export function since(time: string | null, nowMs: number): string | null {
  return time === null ? null : `${time} (${formatAge(nowMs - Date.parse(time))} ago)`;
}

/** `a=1, b=2`. */
export function pairs<T>(
  values: Readonly<Record<string, T>> | undefined,
  format: (value: T) => string = String,
): string {
  return Object.entries(values ?? {})
    .map(([key, value]) => `${key}=${format(value)}`)
    .join(', ');
}
