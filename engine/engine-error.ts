/** Why the engine could not do something, as a word for programs. People read the message. */
export type EngineErrorCode =
  | 'TOOL_MISSING'
  | 'RUNTIME_FAILED'
  | 'COMMAND_NOT_FOUND'
  | 'COMMAND_NOT_EXECUTABLE'
  | 'MONITOR_FAILED'
  | 'COMMAND_FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'BAD_REQUEST'
  | 'IMAGE_NOT_FOUND'
  | 'IMAGE_PULL_FAILED'
  | 'IMAGE_INVALID'
  | 'IMAGE_IN_USE'
  | 'VOLUME_IN_USE'
  | 'VOLUME_NOT_FOUND'
  | 'LAYER_REFUSED'
  | 'UNKNOWN_USER'
  | 'UNSAFE_PATH'
  | 'LOCKED'
  | 'HOST_UNSUITABLE'
  | 'CLEANUP_FAILED'
  | 'NO_SPACE'
  | 'CRIU_FAILED'
  | 'CHECKPOINT_INCOMPLETE'
  | 'CHECKPOINT_INVALID'
  | 'RESTORE_REFUSED';

/** Why something is refused. */
export interface ErrorReason {
  reason: string;
  message: string;
  fix: string;
}

/** A failed operation of the engine: the message starts with the operation and names the object. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  /** What the reader can do about it; null when the message says it all. */
  readonly hint: string | null;
  /** Each thing that stands in the way, by a word that does not change; empty where there is only the message. */
  readonly reasons: readonly ErrorReason[];

  constructor(
    code: EngineErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; reasons?: readonly ErrorReason[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.reasons = options.reasons ?? [];
  }
}

/** Joins what went wrong on the way down: one error as it is, several as one whose message lists each. */
export function joinErrors(operation: string, errors: readonly unknown[]): Error | null {
  if (errors.length === 0) return null;
  const only = errors[0];
  if (errors.length === 1 && only instanceof Error) return only;
  const list = errors.map((e) => `  - ${e instanceof Error ? e.message : String(e)}`).join('\n');
  return new EngineError('CLEANUP_FAILED', `${operation}: ${String(errors.length)} errors\n${list}`, {
    cause: new AggregateError(errors),
  });
}
