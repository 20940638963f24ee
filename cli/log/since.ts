import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { parseDurationMs } from '../arguments/duration.ts';

/** `--since`: a time as in RFC 3339, or a duration back from now; milliseconds since 1970, null when it was not given. */
export function sinceMs({ options, io }: Pick<Invocation, 'options' | 'io'>): number | null {
  const text = options.text('since');
  if (text === null) return null;
  if (/^\d/.test(text) && !/^\d{4}-/.test(text)) return io.now() - parseDurationMs(text, '--since');
  const time = /^\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new CliError(
    'BAD_INPUT',
    `--since: '${text}' is neither a duration nor a time`,
    'write it like 10m, or 2026-01-31T12:00:00Z',
  );
}
