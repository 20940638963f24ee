import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineParts } from '../../container/container-context.ts';
import { mountPointsBelow } from '../../rootfs/is-mount-point.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import { CHECKPOINT_FILES } from './checkpoint-record.ts';
import { releaseNetworkLock } from '../network-lock.ts';

/** Takes a checkpoint away, with the lock of its connections and what a CRIU that was killed may have left mounted in it. */
export async function discardCheckpoint(parts: EngineParts, directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  for (const point of mountPointsBelow(directory)) unmountAll(parts.kernel, point);
  await releaseNetworkLock(parts, directory);
  // First: what is only half there must not be taken for whole.
  await disownCheckpoint(directory);
  await parts.kernel.removeTree(directory);
}

/** From here on it is none; its bytes stay where they are. */
export async function disownCheckpoint(directory: string): Promise<void> {
  await rm(path.join(directory, CHECKPOINT_FILES.record), { force: true });
}

/**
 * Takes away a checkpoint that has become the run. It is none at once; its bytes, which take their time, go while the caller goes on.
 * What a crash leaves of them is removed before the next one is made.
 */
export async function retireCheckpoint({ kernel }: EngineParts, directory: string): Promise<void> {
  await disownCheckpoint(directory);
  void kernel.removeTree(directory).catch(() => undefined);
}
