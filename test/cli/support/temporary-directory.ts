import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** A directory that goes with the process. */
export function temporaryDirectory(): string {
  if (made.length === 0) {
    process.on('exit', () => {
      for (const path of made) rmSync(path, { recursive: true, force: true });
    });
  }
  const path = mkdtempSync(join(tmpdir(), 'tsctr-cli-test-'));
  made.push(path);
  return path;
}
