import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

/** Gives `body` a directory of its own and removes it afterwards, whatever happened. */
export async function withDirectory(body: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(path.join(realpathSync(process.env['TSCTR_TEST_DIR'] ?? '/tmp'), 'd-'));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
