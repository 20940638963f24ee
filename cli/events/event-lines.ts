import { EVENT_TYPES } from '../../reconciler/index.ts';
import type { ResourceEvent } from '../../reconciler/index.ts';

/** Makes events of the bytes of an event log, which may end anywhere. What is no event, such as half a line after a crash, is left out. */
export class EventLines {
  #rest: Buffer = Buffer.alloc(0);

  feed(bytes: Uint8Array): ResourceEvent[] {
    const text = Buffer.concat([this.#rest, bytes]);
    const end = text.lastIndexOf(LINE_FEED) + 1;
    this.#rest = text.subarray(end);
    return text
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .flatMap((line) => parseEvent(line) ?? []);
  }
}

const LINE_FEED = 0x0a;

function parseEvent(line: string): ResourceEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isEvent(value) ? value : null;
}

function isEvent(value: unknown): value is ResourceEvent {
  const { time, type, resource, attributes } = (value ?? {}) as Partial<Record<keyof ResourceEvent, unknown>>;
  const { kind, name } = (resource ?? {}) as Partial<Record<string, unknown>>;
  return (
    typeof time === 'string' &&
    EVENT_TYPES.some((known) => known === type) &&
    typeof kind === 'string' &&
    typeof name === 'string' &&
    typeof attributes === 'object' &&
    attributes !== null
  );
}
