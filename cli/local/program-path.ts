import path from 'node:path';

/** The program `tsctr`, seen from the bundle: for what is started in the background. */
export function programPath(): string {
  return path.join(import.meta.dirname, '../bin/tsctr');
}
