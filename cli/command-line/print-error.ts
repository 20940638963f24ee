import type { ManifestProblem } from '../../schemas/index.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Io } from './io.ts';
import { painter, wantsColour } from '../output/colour.ts';
import { printable } from '../output/printable.ts';
import { formatProblem, formatProblemCount } from '../output/problem-text.ts';

/** Prints what ended a command, once, to standard error: as text with the next thing to do, or as one JSON object. */
export function printError(error: unknown, io: Io, options: { json: boolean; verbose: boolean }): void {
  if (options.json) {
    io.err(`${JSON.stringify(toJson(error))}\n`);
    return;
  }
  const paint = painter(wantsColour(io.errIsTerminal, io.env, false));
  const problems = problemsOf(error);
  if (problems.length > 0) {
    for (const problem of problems) io.err(formatProblem(problem, paint, 'excerpt'));
    io.err(`${formatProblemCount(problems.length, 'nothing was changed')}\n`);
  } else if (!(error instanceof Error)) {
    io.err(`${paint('red', 'error:')} ${printable(String(error))}\n`);
  } else if (error.name === 'AbortError') {
    io.err('interrupted; what had begun is finished or taken back by the next command or the daemon\n');
  } else {
    io.err(`${paint('red', 'error:')} ${printable(messageOf(error))}\n`);
    const hint = hintOf(error);
    if (hint !== null) io.err(`  → ${printable(hint)}\n`);
    if ('excerpt' in error && typeof error.excerpt === 'string' && error.excerpt !== '') {
      io.err(`${printable(error.excerpt)}\n`);
    }
  }
  if (options.verbose && error instanceof Error) io.err(`${printable(stackOf(error))}\n`);
}

/** Whether errors are to be JSON too: asked before, and even when, the command line cannot be parsed. */
export function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, i) =>
      arg === '-ojson' ||
      arg === '--output=json' ||
      ((arg === '-o' || arg === '--output') && args[i + 1] === 'json'),
  );
}

/** The message, and those of its causes where they say more. */
function messageOf(error: Error): string {
  let text = lowerFirst(error.message === '' ? error.name : error.message);
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < 4; depth += 1) {
    if (cause.message !== '' && !text.includes(cause.message)) text += `: ${cause.message}`;
    cause = cause.cause;
  }
  return text;
}

/** Errors of Node and of libraries begin with a capital: `Cannot …`. Names in capitals such as `ENOENT` stay. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function hintOf(error: Error): string | null {
  if ('hint' in error && typeof error.hint === 'string') return error.hint;
  const code = 'code' in error ? error.code : null;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return process.getuid?.() === 0
        ? 'this host refuses it even to root; see: tsctr doctor'
        : 'run tsctr as root';
    case 'ENOSPC':
    case 'NO_SPACE':
      return 'free some space, for instance with: tsctr image prune';
    case 'TOOL_MISSING':
    case 'HOST_UNSUITABLE':
      return 'see: tsctr doctor';
    case 'IMAGE_NOT_FOUND':
      return 'see what is there with: tsctr image list';
    default:
      return null;
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

function problemsOf(error: unknown): readonly ManifestProblem[] {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'BAD_MANIFEST') return [];
  return 'problems' in error && Array.isArray(error.problems) ? (error.problems as ManifestProblem[]) : [];
}

function toJson(error: unknown): object {
  if (!(error instanceof Error)) return { error: { message: String(error), exitCode: exitCodeOf(error) } };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const problems = problemsOf(error);
  return {
    error: {
      code,
      message: messageOf(error),
      hint: hintOf(error),
      exitCode: exitCodeOf(error),
      ...(problems.length === 0 ? {} : { problems }),
      ...('reasons' in error && Array.isArray(error.reasons) && error.reasons.length > 0
        ? { reasons: error.reasons as unknown[] }
        : {}),
    },
  };
}
