import { CliError } from '../command-line/cli-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `30s`, `1h30m`, `500ms`, or of a bare number of seconds. `what` names the option in the error. */
export function parseDurationMs(text: string, what: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    throw new CliError('BAD_INPUT', `${what}: '${text}' is not a duration`, 'write it like 30s, 5m or 1h30m');
  }
  let total = 0;
  for (const [, number = '0', , unit = 's'] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return Math.round(total);
}
