import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OciSpec } from '../../../schemas/index.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { describeEnvironment } from './describe-environment.ts';
import { readAtOnce } from '../../read-at-once.ts';

/**
 * Notes beside the images what the processes rely on here, and the specification that they were made from: the restore gate
 * compares the one, an archive needs the other, and the bundle is gone by then.
 */
export async function noteSurroundings(
  { parts, request, paths }: ContainerContext,
  { directory, criu }: { directory: string; criu: string },
): Promise<void> {
  const text = await readAtOnce(paths.config);
  const environment = await describeEnvironment(request, JSON.parse(text) as OciSpec, {
    facts: parts.facts,
    criu,
    addresses: [],
  });
  await Promise.all([
    writeFile(path.join(directory, CHECKPOINT_FILES.spec), text, { mode: 0o600 }),
    writeFile(path.join(directory, CHECKPOINT_FILES.environment), JSON.stringify(environment), {
      mode: 0o600,
    }),
  ]);
}
