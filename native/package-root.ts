import path from 'node:path';

/** The directory of the package. The sources are in native/ and the bundle is in dist/: both one level below it. */
export function packageRoot(): string {
  return path.dirname(import.meta.dirname);
}
