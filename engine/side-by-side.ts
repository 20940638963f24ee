import { joinErrors } from './engine-error.ts';

/**
 * Waits until all of them have ended, well or not: whoever takes back what they did must not meet one that is still at it. Throws what went
 * wrong, joined under `operation`.
 */
export async function sideBySide(operation: string, work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const error = joinErrors(
    operation,
    results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
  );
  if (error !== null) throw error;
}
