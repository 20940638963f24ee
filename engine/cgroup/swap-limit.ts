import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { CgroupLayout } from './cgroup-layout.ts';

/**
 * Whether the memory controller counts swap: a kernel may be built, or booted, without. The root cgroup of version 2 has no
 * limits, so one below it is asked (Documentation/admin-guide/cgroup-v2.rst); without any it is taken as the default, yes.
 */
export function hasSwapLimit({ v1, unified }: CgroupLayout): boolean {
  const memory = v1.get('memory');
  if (memory !== undefined) return existsSync(path.join(memory, 'memory.memsw.limit_in_bytes'));
  if (unified === null) return false;
  const limited = readdirSync(unified, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(unified, name))
    .filter((directory) => existsSync(path.join(directory, 'memory.max')));
  return (
    limited.length === 0 || limited.some((directory) => existsSync(path.join(directory, 'memory.swap.max')))
  );
}
