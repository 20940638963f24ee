/** Looks until it is so. Throws after `timeoutMs`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  { timeoutMs = 30_000, everyMs = 1 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`wait until ${what}: not so after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
