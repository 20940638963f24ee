import type { Test } from 'uvu';

/**
 * Leaves a test out and says why: `SKIP title: reason`, which scripts/run-tests.mjs shows. A skip without such a line is
 * counted as a failure there, because a forgotten `.only` looks the same.
 */
export function skip<Context>(test: Test<Context>, title: string, reason: string): void {
  console.log(`SKIP ${title}: ${reason}`);
  test.skip(title);
}

/**
 * A function to declare tests with: `test` itself when nothing is missing, otherwise one that skips each of them for that
 * reason. `missing` is what the host lacks, in words, or null.
 *
 *     const testWithCriu = testUnless(test, await missingForCriu());
 *     testWithCriu('[checkpoint-keeps-memory] …', async () => { … });
 */
export function testUnless<Context>(
  test: Test<Context>,
  missing: string | null,
): (title: string, body: (context: Context) => Promise<void> | void) => void {
  return (title, body) => {
    if (missing === null) test(title, body);
    else skip(test, title, missing);
  };
}
