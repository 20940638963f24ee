import { writeFileSync } from 'node:fs';

/**
 * Writes a small file of the run directory, which is memory: sooner done than handed to the thread pool, where each of its three calls
 * would wait for a thread, and then for its turn here.
 */
export function writeVolatile(file: string, text: string, mode: number): void {
  writeFileSync(file, text, { mode });
}
