/** The error that a promise is rejected with; one that is fulfilled is an error itself. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`expected an Error, found ${String(error)}`);
  }
  throw new Error('expected a rejection, found a fulfilled promise');
}
