import { readFileSync } from 'node:fs';
import path from 'node:path';

let known: string | null = null;

/** The version that package.json states. It stands one directory above both this file and the bundle. */
export function versionNumber(): string {
  if (known === null) {
    const text = readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8');
    known = (JSON.parse(text) as { version: string }).version;
  }
  return known;
}
