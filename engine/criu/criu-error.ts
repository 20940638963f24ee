import { EngineError } from '../engine-error.ts';
import type { EngineErrorCode } from '../engine-error.ts';

/** What CRIU was doing when it failed, and what it said. */
export interface CriuFailure {
  /** `dump container/web`. */
  operation: string;
  /** Why, where CRIU's answer does not say it: it died, it went over time. */
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

/** A dump or restore that CRIU did not do. The message quotes its log. */
export class CriuError extends EngineError {
  /** errno(3) of CRIU's answer (3: no such process, 17: pid in use, 56: bad options); 0 when it gave none. */
  readonly errno: number;
  readonly errmsg: string | null;
  readonly excerpt: string;

  constructor(failure: CriuFailure) {
    const { operation, excerpt = '', errno = 0, message } = failure;
    const reason = failure.reason ?? message ?? 'criu failed without a word';
    const quoted = excerpt === '' ? '' : `\n${excerpt}`;
    super(failure.code ?? 'CRIU_FAILED', `${operation}: ${reason}${quoted}`, {
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      ...(failure.logFile === undefined ? {} : { hint: `the whole log: ${failure.logFile}` }),
    });
    this.errno = errno;
    this.errmsg = message ?? null;
    this.excerpt = excerpt;
  }
}
