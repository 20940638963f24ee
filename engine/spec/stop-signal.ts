import { constants } from 'node:os';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';
import { isSystemdContainer, SYSTEMD_STOP_SIGNAL } from './systemd-mode.ts';

const SIGTERM = 15;

/** Real-time signals as the C library numbers them: it keeps 32 and 33 for itself. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** The manifest's stop signal, else the image's, else what fits the command (SIGTERM, or systemd's own), as a number. */
export function stopSignalNumber({
  request,
  imageConfig,
}: Pick<SpecInput, 'request' | 'imageConfig'>): number {
  const asked = request.spec.stopSignal ?? imageConfig?.StopSignal ?? '';
  if (asked === '') return isSystemdContainer({ request, imageConfig }) ? SYSTEMD_STOP_SIGNAL : SIGTERM;
  const number = parseSignal(asked);
  if (number !== null) return number;
  throw new EngineError(
    'BAD_REQUEST',
    `build spec of container ${request.name}: unknown stop signal \`${asked}\`, expected a name such as SIGTERM or ` +
      `SIGRTMIN+3, or a number from 1 to ${String(SIGRTMAX)}`,
  );
}

/** `15`, `TERM`, `SIGTERM`, `SIGRTMIN+3`, `RTMAX-1` → the number; null for anything else. signal(7). */
export function parseSignal(text: string): number | null {
  const upper = text.trim().toUpperCase();
  if (/^\d+$/.test(upper)) return within(Number(upper));
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const realTime = /^SIGRT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime !== null) {
    const base = realTime[1] === 'MIN' ? SIGRTMIN : SIGRTMAX;
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = base + offset;
    return number >= SIGRTMIN ? within(number) : null;
  }
  const known: Readonly<Record<string, number>> = constants.signals;
  return Object.hasOwn(known, name) ? (known[name] ?? null) : null;
}

function within(number: number): number | null {
  return number >= 1 && number <= SIGRTMAX ? number : null;
}
