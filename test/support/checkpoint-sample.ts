import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** One checkpoint of a shell loop, as podman 5.4 exports it; its README says more. */
export const SAMPLES = path.join(import.meta.dirname, '../fixtures/checkpoint-samples');
export const PODMAN_ARCHIVE = path.join(SAMPLES, 'podman-checkpoint-c1.tar.zst');

/** Unpacks podman's archive below `directory` with the usual programs. */
export function unpackSample(directory: string): string {
  const target = path.join(directory, 'sample');
  mkdirSync(target);
  execFileSync('tar', [
    '--extract',
    '--zstd',
    '--file',
    PODMAN_ARCHIVE,
    '--directory',
    target,
    '--no-same-owner',
  ]);
  return target;
}
