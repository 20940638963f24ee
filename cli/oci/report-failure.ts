import { appendFileSync, writeSync } from 'node:fs';
import type { OciArguments } from './read-arguments.ts';

/**
 * As runc and crun do it: one line in the log that was asked for, and the text on standard error. Not by process.stderr, which would
 * change the pipe for the container that shares it.
 */
export function reportFailure(error: unknown, global: OciArguments['global']): void {
  const message = messageOf(error);
  writeSync(2, `${message}\n`);
  const file = global.get('log');
  if (file === undefined || file === '' || file === '/dev/stderr') return;
  const time = new Date().toISOString();
  const line =
    global.get('log-format') === 'json'
      ? JSON.stringify({ level: 'error', msg: message, time })
      : `time="${time}" level=error msg=${JSON.stringify(message)}`;
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // It has been said on standard error.
  }
}

/** What went wrong, what to do about it, and what CRIU has logged. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { hint, excerpt } = error as { hint?: unknown; excerpt?: unknown };
  return [error.message, hint, excerpt].filter((part) => typeof part === 'string' && part !== '').join('\n');
}
