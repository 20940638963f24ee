import { writeFile } from 'node:fs/promises';
import type { TraceEvent } from '../api/trace-event.ts';

/**
 * Writes a trace for chrome://tracing or Perfetto: what the engine did, and around it this command from the start of its process. Both
 * count from 1970, so that a daemon's bars lie where they belong.
 */
export async function writeTrace(
  file: string,
  events: readonly TraceEvent[],
  { requestedAtMs }: { requestedAtMs: number },
): Promise<void> {
  const begunAt = performance.timeOrigin * 1000;
  const requestedAt = begunAt + requestedAtMs * 1000;
  const endedAt = begunAt + performance.now() * 1000;
  // A line of its own, also where the engine is in this process.
  const line = { pid: process.pid, tid: 0 };
  const bar = (name: string, from: number, to: number): TraceEvent => ({
    ...line,
    name,
    cat: 'command',
    ph: 'X',
    ts: Math.round(from),
    dur: Math.round(to - from),
  });
  const traceEvents: TraceEvent[] = [
    { ...line, name: 'thread_name', cat: '', ph: 'M', ts: 0, args: { name: 'tsctr apply' } },
    bar('start Node and load', begunAt, requestedAt),
    bar('apply', requestedAt, endedAt),
    ...events,
  ];
  await writeFile(file, `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents })}\n`);
}
