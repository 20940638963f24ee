import { fileURLToPath } from 'node:url';

/** The program `tsctr`, seen from the bundle: for what is started in the background. */
export function programPath(): string {
  return fileURLToPath(new URL('../bin/tsctr', import.meta.url));
}
