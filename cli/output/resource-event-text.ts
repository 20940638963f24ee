import type { ResourceEvent } from '../../reconciler/index.ts';
import { formatName } from '../arguments/resource-name.ts';
import { formatAge } from './age.ts';
import type { Painter } from './colour.ts';
import { printableLine } from './printable.ts';
import { formatTable } from './table.ts';

const NAME_WIDTH = 16;
const TYPE_WIDTH = 10;

/** `2026-01-02T03:04:05.678Z  container/web     died        exitCode=1`. */
export function formatResourceEvent(event: ResourceEvent): string {
  const name = formatName(event.resource).padEnd(NAME_WIDTH);
  const line = `${event.time}  ${name}  ${event.type.padEnd(TYPE_WIDTH)}  ${attributesText(event)}`;
  return printableLine(line).trimEnd();
}

/** The last part of what `describe` prints; empty when nothing has happened. */
export function eventsSection(events: readonly ResourceEvent[], nowMs: number, paint: Painter): string {
  if (events.length === 0) return '';
  const own = new Set(events.map(({ resource }) => formatName(resource))).size === 1;
  const table = formatTable(
    [
      { title: 'AGE', value: ({ time }) => formatAge(nowMs - Date.parse(time)) },
      ...(own ? [] : [{ title: 'NAME', value: ({ resource }: ResourceEvent) => resource.name }]),
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'DETAIL', value: attributesText },
    ],
    events,
    { paint },
  );
  return `${paint('bold', 'Events:')}\n${table.replaceAll(/^(?=.)/gm, '  ')}`;
}

function attributesText({ attributes }: ResourceEvent): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`)
    .join(' ');
}
