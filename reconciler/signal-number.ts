import { constants } from 'node:os';

/** SIGRTMIN of glibc: the first two real-time signals are its own. */
const FIRST_REAL_TIME = 34;
const LAST = 64;

/** The number of a signal by name (`TERM`, `SIGTERM`, `SIGRTMIN+3`) or number; null when there is none such. */
export function signalNumber(signal: string): number | null {
  if (/^\d+$/.test(signal)) {
    const number = Number(signal);
    return number >= 1 && number <= LAST ? number : null;
  }
  const name = signal.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const realTime = /^SIGRT(MIN|MAX)([+-]\d+)?$/.exec(name);
  if (realTime !== null) {
    const number = (realTime[1] === 'MIN' ? FIRST_REAL_TIME : LAST) + Number(realTime[2] ?? 0);
    return number >= FIRST_REAL_TIME && number <= LAST ? number : null;
  }
  const entry = Object.entries(constants.signals).find(([known]) => known === name);
  return entry?.[1] ?? null;
}
