import { EngineError } from '../../engine-error.ts';
import { snapshotContainer } from './container-snapshot.ts';
import type { ListUnixPeers } from './container-snapshot.ts';
import { findObstacles } from './find-obstacles.ts';
import type { PreflightOptions, PreflightReport } from './obstacle.ts';

/** Looks at a running container by its first process, and says whether it can be checkpointed. Nothing is stopped for it. */
export async function checkContainer(
  name: string,
  pid: number,
  parts: { listUnixPeers: ListUnixPeers; options: PreflightOptions },
): Promise<PreflightReport> {
  const snapshot = await snapshotContainer(pid, parts.listUnixPeers);
  if (snapshot === null) {
    throw new EngineError(
      'BAD_REQUEST',
      `check container/${name}: its first process has ended, expected running or paused`,
    );
  }
  return findObstacles(snapshot, parts.options);
}
