import { EngineError } from '../engine-error.ts';
import type { EngineErrorCode } from '../engine-error.ts';
import type { FailureExplanation } from './classify-failure.ts';

/** What CRIU was doing when it failed, and what it said. */
export interface CriuFailure {
  /** `dump container/web`. */
  operation: string;
  /** Why in plain words, and what to do about it; null where CRIU gave no answer: it died, it went over time. */
  explanation?: FailureExplanation | null;
  /** Why, where there is no explanation. */
  reason?: string;
  /** errno of the answer; 0 when CRIU gave none. */
  errno?: number;
  /** First error of the log, by CRIU's answer; it may be a harmless one. */
  message?: string;
  /** The lines of the log around each error. */
  excerpt?: string;
  /** Where the whole log lies, as long as it does. */
  logFile?: string;
  code?: EngineErrorCode;
  cause?: unknown;
}

/** A dump or restore that CRIU did not do. The message says why in one line; `excerpt` quotes the log. */
export class CriuError extends EngineError {
  /** errno(3) of CRIU's answer (3: no such process, 17: pid in use, 56: bad options); 0 when it gave none. */
  readonly errno: number;
  readonly errmsg: string | null;
  readonly excerpt: string;
  readonly explanation: FailureExplanation | null;

  constructor(failure: CriuFailure) {
    const { operation, explanation = null, excerpt = '', errno = 0, message, logFile } = failure;
    const reason = explanation?.explanation ?? failure.reason ?? message ?? 'CRIU failed and logged no error';
    const hint = [
      ...(explanation === null ? [] : [explanation.advice]),
      ...(logFile === undefined ? [] : [`the whole log: ${logFile}`]),
    ].join('; ');
    super(failure.code ?? 'CRIU_FAILED', `${operation}: ${reason}`, {
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      ...(hint === '' ? {} : { hint }),
      ...(explanation === null ? {} : { reasons: [reasonOf(explanation)] }),
    });
    this.errno = errno;
    this.errmsg = message ?? null;
    this.excerpt = excerpt;
    this.explanation = explanation;
  }
}

function reasonOf({ cause, explanation, advice }: FailureExplanation) {
  return { reason: cause, message: explanation, fix: advice };
}
