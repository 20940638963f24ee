import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeInstanceSnapshot } from './host-snapshot.ts';
import type { InstancePlace } from './host-snapshot.ts';
import { isBeneath } from './mount-table.ts';

/** What an instance keeps when it has no containers: images, the empty directories of the rest, what it knows of the host, what has happened. */
const KEPT =
  /^(root\/(lock|events(\.previous)?\.jsonl|images|images\/.*|db|db\/(containers|pods|checkpoints)|containers|pods|volumes)|run\/(boot-id|retries\.lock|versions\.json|oci|containers|pods|exits|memory-dirs))$/;

/**
 * What is on the host of an instance that has no containers any more, in words; looks again for a moment, because the kernel
 * takes things down after the process that held them has gone. `processes`: of those that may be there.
 */
export async function leftOfInstance(
  place: InstancePlace,
  { processes = [], timeoutMs = 3000 }: { processes?: readonly number[]; timeoutMs?: number } = {},
): Promise<string[]> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const left = await look(place, processes);
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(50);
  }
}

async function look(place: InstancePlace, allowed: readonly number[]): Promise<string[]> {
  const { processes, mounts, cgroups, sockets, files } = await takeInstanceSnapshot(place);
  const isAllowed = (process: string): boolean => allowed.some((pid) => process.startsWith(`${pid} `));
  const isKept = (file: string): boolean => KEPT.test(path.relative(place.directory, file));
  return [
    ...processes.filter((process) => !isAllowed(process)).map((process) => `process ${process}`),
    ...mounts.filter((mount) => isBeneath(place.directory, mount)).map((mount) => `mount ${mount}`),
    ...cgroups.map((cgroup) => `cgroup ${cgroup}`),
    ...sockets.map((socket) => `socket ${socket}`),
    ...files
      .filter((file) => isBeneath(place.directory, file) && !isKept(file))
      .map((file) => `file ${file}`),
  ];
}
