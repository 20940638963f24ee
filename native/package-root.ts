import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package. The sources are in native/ and the bundle is in dist/: both one level below it. */
export function packageRoot(): string {
  return dirname(dirname(fileURLToPath(import.meta.url)));
}
