import path from 'node:path';

export interface EventLogPaths {
  current: string;
  previous: string;
}

/** Where the events of an instance are written down. */
export function eventLogPaths(root: string): EventLogPaths {
  return { current: path.join(root, 'events.jsonl'), previous: path.join(root, 'events.previous.jsonl') };
}
