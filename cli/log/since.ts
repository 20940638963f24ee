import type { Invocation } from '../command-line/command.ts';
import { parseDurationMs } from '../arguments/duration.ts';

/** `--since`: a time as in RFC 3339, or a duration back from now; milliseconds since 1970, null when it was not given. */
export function sinceMs({ options, io }: Pick<Invocation, 'options' | 'io'>): number | null {
  const text = options.text('since');
  if (text === null) return null;
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? io.now() - parseDurationMs(text, '--since') : time;
}
