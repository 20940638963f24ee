/** `BAD_INPUT`: the command line says something that tsctr does not take; `NOT_FOUND`: no such resource. */
export type CliErrorCode =
  | 'BAD_INPUT'
  | 'NOT_FOUND'
  | 'AMBIGUOUS'
  | 'NOT_CONVERGED'
  | 'DAEMON_RUNNING'
  | 'DAEMON_MISMATCH'
  | 'DAEMON_UNREACHABLE'
  | 'CONNECTION_LOST'
  | 'BAD_REQUEST';

/** An error of the command line itself. `hint` is the next thing to do, without a full stop. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly hint: string | null;

  constructor(code: CliErrorCode, message: string, hint: string | null = null) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
