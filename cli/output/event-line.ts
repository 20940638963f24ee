import type { ApplyEvent, ApplySummary } from '../api/service.ts';
import { formatName } from '../arguments/resource-name.ts';
import type { Colour, Painter } from './colour.ts';
import { printable } from './printable.ts';

const NAME_WIDTH = 16;
const WHAT_WIDTH = 9;
/** What an error quotes stands below it. */
const BELOW = '    ';

const COLOURS: Readonly<Partial<Record<ApplyEvent['what'], Colour>>> = {
  created: 'green',
  changed: 'yellow',
  running: 'green',
  ready: 'green',
  completed: 'green',
  restarted: 'yellow',
  checkpointed: 'yellow',
  exported: 'green',
  restored: 'green',
  removed: 'red',
  failed: 'red',
  unchanged: 'dim',
  waiting: 'dim',
};

/**
 * `container/web     running    pid 4242 after 61 ms`. Events come one by one, so the first column has a fixed width, and
 * `nameWidth` may widen it where the names are known. What has several lines, such as an error with a log, goes on below.
 */
export function formatEvent(event: ApplyEvent, paint: Painter, nameWidth = NAME_WIDTH): string {
  const name = formatName(event.resource).padEnd(Math.max(NAME_WIDTH, nameWidth));
  const colour = COLOURS[event.what];
  const what = event.what.padEnd(WHAT_WIDTH);
  const shown = colour === undefined ? what : paint(colour, what);
  const [first = '', ...below] = printable(event.detail).split('\n');
  return [`${name}  ${shown}  ${first}`.trimEnd(), ...below.map((line) => BELOW + line)].join('\n');
}

/** The closing line: `1 changed, 1 unchanged`; failures only when there are any. */
export function formatSummary(summary: ApplySummary): string {
  const parts = [`${summary.changed} changed`, `${summary.unchanged} unchanged`];
  if (summary.failed > 0) parts.push(`${summary.failed} failed`);
  return parts.join(', ');
}
