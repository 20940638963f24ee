/** The same, with the next one under way while one is used. */
export async function* readAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const result = await next;
      if (result.done === true) return;
      next = source.next();
      // It is told when it is asked for.
      next.catch(() => undefined);
      yield result.value;
    }
  } finally {
    // What is under way uses what the caller closes next.
    await next.catch(() => undefined);
    await source.return(undefined);
  }
}
