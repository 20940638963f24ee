import type { FailureReason } from '../progress.ts';

/**
 * Codes of the engine's errors that stay until a person does something: the retries go on, in case that it was done elsewhere, but
 * nobody needs to wait for them.
 */
const FINAL_CODES: ReadonlySet<unknown> = new Set([
  'IMAGE_NOT_FOUND',
  'IMAGE_INVALID',
  'LAYER_REFUSED',
  'COMMAND_NOT_FOUND',
  'COMMAND_NOT_EXECUTABLE',
  'UNKNOWN_USER',
  'UNSAFE_PATH',
  'BAD_REQUEST',
  'TOOL_MISSING',
  'HOST_UNSUITABLE',
  'RESTORE_REFUSED',
  'CHECKPOINT_INVALID',
  'CHECKPOINT_INCOMPLETE',
]);

export function isFinalFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && FINAL_CODES.has(error.code);
}

/** What went wrong, what the error says that can be done about it, and below that what it quotes of a log. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const excerpt = 'excerpt' in error && typeof error.excerpt === 'string' ? error.excerpt : '';
  return excerpt === '' ? explainFailure(error) : `${explainFailure(error)}\n${excerpt}`;
}

/** What went wrong, and what can be done about it: what a record keeps. */
export function explainFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : null;
  return hint === null ? error.message : `${error.message}; ${hint}`;
}

/** What the error names as standing in the way; nothing where there is only a message. */
export function reasonsOf(error: unknown): { reasons?: readonly FailureReason[] } {
  if (!(error instanceof Error) || !('reasons' in error) || !Array.isArray(error.reasons)) return {};
  return error.reasons.length === 0 ? {} : { reasons: error.reasons as FailureReason[] };
}
