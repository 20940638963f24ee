import { FAILURE_RULES } from './failure-rules.ts';
import type { CriuCause, SafeRetry } from './failure-rules.ts';

/** CRIU's answer, and its log or an excerpt of it. */
export interface CriuFailureText {
  /** errno(3) of the answer; 0 or absent: none. */
  errno?: number;
  log: string;
}

export interface FailureExplanation {
  cause: CriuCause;
  /** One sentence in plain words, without a full stop. */
  explanation: string;
  /** What to do about it. */
  advice: string;
  /** The line of the log that says so; null when only the errno does. */
  line: string | null;
  /** What may be tried anew, where the policy of the container allows it; null when there is nothing. */
  retry: SafeRetry | null;
}

const EEXIST = 17;
const ENOSPC = 28;
/** CRIU's errors and those of the programs that it starts; its own progress is not. */
const TELLING = /Error \(|^Error|Error:|execvp\(|BUG at/;
/** CRIU writes it wherever it may not raise its own limit of descriptors, also when all goes well. */
const HARMLESS = /rlimit: Can't setup RLIMIT_NOFILE/;
/** A name that stands with a descriptor that CRIU looks at, before it fails. */
const IO_URING_LINE = /anon_inode:\[io_uring\]/;

/** Says in plain words why CRIU failed, from what it has logged. */
export function classifyFailure({ errno = 0, log }: CriuFailureText): FailureExplanation {
  const lines = log.split('\n').map((line) => line.replace(/^\s*\d+: (?=\(|Error|pie)/, ''));
  const telling = lines.filter(
    (line) => (TELLING.test(line) && !HARMLESS.test(line)) || IO_URING_LINE.test(line),
  );
  for (const { cause, pattern, explain, advice, retry } of FAILURE_RULES) {
    for (const line of telling) {
      const match = pattern.exec(line);
      if (match === null) continue;
      return {
        cause,
        explanation: explain(match),
        advice,
        line: line.trim(),
        retry: retry?.(match) ?? null,
      };
    }
  }
  return byErrno(errno, telling[0] ?? null);
}

function byErrno(errno: number, line: string | null): FailureExplanation {
  const rule = FAILURE_RULES.find(({ cause }) => cause === ERRNO_CAUSES[errno]);
  if (rule !== undefined) {
    const nothing = /^/.exec('');
    return {
      cause: rule.cause,
      explanation: nothing === null ? '' : rule.explain(nothing),
      advice: rule.advice,
      line,
      retry: null,
    };
  }
  return {
    cause: 'unknown',
    explanation:
      line === null ? 'CRIU failed and logged no error' : 'CRIU failed for a reason that tsctr does not know',
    advice:
      'see the log, more of which comes with --debug-log (spec.checkpoint.options.debugLog), and https://criu.org/When_C/R_fails',
    line: line?.trim() ?? null,
    retry: null,
  };
}

const ERRNO_CAUSES: Readonly<Record<number, CriuCause>> = { [EEXIST]: 'pid-in-use', [ENOSPC]: 'no-space' };
