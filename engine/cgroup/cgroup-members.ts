import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerRequest } from '../../schemas/index.ts';
import { cgroupDirectories } from './cgroup-layout.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import { containerCgroup } from './cgroup-path.ts';
import type { CgroupOwner } from './cgroup-path.ts';

/** The pids of a container, those in cgroups of its own included; none when it is gone. */
export function cgroupMembers(
  parts: { readonly cgroupLayout: CgroupLayout; readonly cgroupOwner: CgroupOwner },
  request: ContainerRequest,
): number[] {
  // One hierarchy is enough: all of them hold the same processes.
  const [directory] = cgroupDirectories(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request));
  return directory === undefined ? [] : pidsBelow(directory);
}

/**
 * The pids in a cgroup and in those below it, as a container makes them for its services (cgroups(7)). What goes meanwhile has none. At
 * once: all of it is in the memory of the kernel.
 */
export function pidsBelow(directory: string): number[] {
  try {
    const text = readFileSync(path.join(directory, 'cgroup.procs'), 'utf8');
    const inner = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [
      ...text.split('\n').filter(Boolean).map(Number),
      ...inner.flatMap(({ name }) => pidsBelow(path.join(directory, name))),
    ];
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes(code)) return [];
    throw error;
  }
}
