import { existsSync } from 'node:fs';
import { createImageEngine } from '../../engine/image/create-image-engine.ts';
import type { ImageEngineOptions, ImageStoreEngine } from '../../engine/image/create-image-engine.ts';
import { createRunCommand } from '../../engine/process/run-command.ts';
import { createLinuxKernel } from '../../native/index.ts';

const SYNCED = { exitCode: 0, signal: null, stdout: Buffer.alloc(0), stderr: '' };
const SKOPEO = '/usr/bin/skopeo';

/** Why images cannot be fetched here, or null. */
export const missingForImages =
  process.geteuid?.() !== 0 ? 'needs root' : existsSync(SKOPEO) ? null : 'skopeo is not installed';

/**
 * An image store in a directory of its own. It does not wait for the disk, which others use at the same time: no test cuts the
 * power.
 */
export function openImageStore(
  directory: string,
  options: Partial<ImageEngineOptions> = {},
): ImageStoreEngine {
  const kernel = createLinuxKernel();
  return createImageEngine({
    kernel,
    directory,
    runCommand: (command) =>
      command.file === '/bin/sync' ? Promise.resolve(SYNCED) : createRunCommand(kernel)(command),
    skopeoPath: SKOPEO,
    ...options,
  });
}
