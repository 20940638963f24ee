import { suggestName } from '../issue/suggest-name.ts';
import { ValueError } from './value-error.ts';

/** Signals of Linux on all architectures that tsctr runs on (not those of mips, alpha and sparc). See signal(7). */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

/** The C library keeps 32 and 33 for itself. */
const RTMIN = 34;
const RTMAX = 64;

/** Number of a signal by name or number, with or without SIG: `SIGTERM`, `term`, `15`, `RTMIN+3`. Throws ValueError. */
export function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const number = /^\d{1,2}$/.test(text) ? Number(text) : (NUMBERS[name] ?? realTimeSignal(name));
  if (number !== null && number >= 1 && number <= RTMAX) return number;
  const near = suggestName(name, Object.keys(NUMBERS));
  const hint = near === null ? '' : `, did you mean \`SIG${near}\`?`;
  const expected = 'expected a signal such as SIGTERM, RTMIN+3 or a number from 1 to 64';
  throw new ValueError('BAD_SIGNAL', text, expected, hint);
}

/** `SIGTERM`, `SIGRTMIN+3`; a number without a name stays one. */
export function formatSignal(number: number): string {
  const name = Object.keys(NUMBERS).find((key) => NUMBERS[key] === number);
  if (name !== undefined) return `SIG${name}`;
  if (number < RTMIN || number > RTMAX) return String(number);
  return number === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${String(number - RTMIN)}`;
}

function realTimeSignal(name: string): number | null {
  const match = /^RT(MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/.exec(name);
  if (match === null) return null;
  const number =
    match[1]?.startsWith('MIN') === true ? RTMIN + Number(match[2] ?? 0) : RTMAX - Number(match[3] ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : null;
}
