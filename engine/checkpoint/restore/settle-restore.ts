import { existsSync } from 'node:fs';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { createContext } from '../../container/container-context.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { observeContainer } from '../../container/observe-container.ts';
import { discardImported, importedCheckpoint } from './archived-source.ts';
import { hasFilledVolumes, keepVolumes } from './archived-volumes.ts';
import { forgetUpperAside, hasUpperAside } from './upper-aside.ts';

/**
 * After a crash of tsctr in the middle of a restore, or at its end. A container that has come back keeps the layer and the volumes that
 * it was given; else the next one that mounts its root puts the layer back, and the next restore fills the volumes again.
 * What came out of an archive stays while it is in use: memory comes from there.
 */
export async function settleRestore(
  parts: EngineParts,
  request: ContainerRequest,
  { isInUse }: { isInUse: boolean },
): Promise<void> {
  const context = createContext(parts, request);
  const imported = importedCheckpoint(context);
  if (!isInUse && [imported, `${imported}.importing`].some((directory) => existsSync(directory)))
    await discardImported(context);
  if (!hasUpperAside(context.paths) && !hasFilledVolumes(context)) return;
  const { status } = await observeContainer(parts, request);
  if (status !== 'running' && status !== 'paused') return;
  await forgetUpperAside(context.parts.kernel, context.paths);
  await keepVolumes(context);
}
