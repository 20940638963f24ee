import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CgroupLayout } from './cgroup-layout.ts';

/**
 * Has the kernel be done with what the next move of a process between cgroups waits for. The first one in a while waits for an RCU grace
 * period, 10 ms and more, those within some 10 ms after it do not (`cgroup_threadgroup_rwsem` of kernel/cgroup/cgroup.c, a
 * percpu-rw-semaphore): so whoever is about to make one has this process moved to where it is, and prepares meanwhile what is to be moved.
 * The host waits for one grace period in either case, only sooner. Nothing else comes of it, and where it cannot be done the move waits as
 * before. Never throws; nobody has to wait for it.
 */
export async function promptMove(layout: CgroupLayout): Promise<void> {
  try {
    // Asked anew each time: others may have moved this process since.
    const file = ownProcsFile(layout, readFileSync('/proc/self/cgroup', 'utf8'));
    // 0 is whoever writes it (cgroups(7)).
    if (file !== null) await writeFile(file, '0');
  } catch {
    // The first move is as slow as it would have been.
  }
}

/** `cgroup.procs` of this process in one of the hierarchies, all of which are behind the same lock; null: none is mounted. */
export function ownProcsFile(layout: CgroupLayout, membership: string): string | null {
  for (const line of membership.trim().split('\n')) {
    const [, controllers = '', ...cgroup] = line.split(':');
    const mount = controllers === '' ? layout.unified : layout.v1.get(controllers.split(',')[0] ?? '');
    const place = cgroup.join(':');
    // Outside of what this cgroup namespace shows it begins so (cgroup_namespaces(7)).
    if (mount != null && !place.startsWith('/..')) return path.join(mount, place, 'cgroup.procs');
  }
  return null;
}
