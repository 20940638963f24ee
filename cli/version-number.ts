import { readFileSync } from 'node:fs';

let known: string | null = null;

/** The version that package.json states. It stands one directory above both this file and the bundle. */
export function versionNumber(): string {
  if (known === null) {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    known = (JSON.parse(text) as { version: string }).version;
  }
  return known;
}
