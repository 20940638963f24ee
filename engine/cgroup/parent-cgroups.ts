import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { EngineParts } from '../container/container-context.ts';
import { parentCgroups, removeCgroup } from './cgroup-path.ts';

export type ParentCgroupParts = Pick<EngineParts, 'cgroupLayout' | 'cgroupOwner' | 'facts' | 'runCommand'>;

const STOP_TIMEOUT_MS = 20_000;
const LEAVE_TIMEOUT_MS = 3_000;
const LOOK_EVERY_MS = 20;

/**
 * After a container: what is above it and has nothing else in it. A slice is left to systemd, which would not notice that its cgroup has
 * gone, and not enable the controllers for what comes into it next.
 */
export async function removeParentCgroups(parts: ParentCgroupParts, podId: string | null): Promise<void> {
  if (parts.cgroupOwner.manager === 'systemd') return;
  await removeEmptyParents(parts, podId);
}

/** After a pod. Its slice stays until systemd is told to stop it, and then takes with it what is in there: nothing may be. */
export async function removePodCgroup(parts: ParentCgroupParts, podId: string): Promise<void> {
  const { cgroupLayout, cgroupOwner, facts, runCommand } = parts;
  const { unified } = cgroupLayout;
  const { busctl } = facts.tools;
  if (cgroupOwner.manager !== 'systemd' || unified === null || busctl === null) {
    return removeEmptyParents(parts, podId);
  }
  const slice = parentCgroups(cgroupOwner, podId).at(-1) ?? '';
  const directory = path.join(unified, slice);
  if (!(await becomes(directory, isEmpty))) return;
  // org.freedesktop.systemd1(5), StopUnit. It refuses where nothing of the pod has ever run, and knows no such slice.
  const { exitCode } = await runCommand({
    file: busctl,
    args: [
      ...['--system', '--quiet', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1'],
      ...['org.freedesktop.systemd1.Manager', 'StopUnit', 'ss', path.posix.basename(slice), 'replace'],
    ],
    timeoutMs: STOP_TIMEOUT_MS,
  });
  // It answers before it is done.
  if (exitCode === 0) await becomes(directory, isGone);
}

async function removeEmptyParents(
  { cgroupLayout, cgroupOwner }: ParentCgroupParts,
  podId: string | null,
): Promise<void> {
  for (const parent of parentCgroups(cgroupOwner, podId).reverse()) await removeCgroup(cgroupLayout, parent);
}

/** Scopes go some moments after their last process. False when it was not so in time. */
async function becomes(directory: string, wanted: (children: string[] | null) => boolean): Promise<boolean> {
  const deadline = performance.now() + LEAVE_TIMEOUT_MS;
  while (!wanted(await childrenOf(directory))) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return true;
}

const isGone = (children: string[] | null): boolean => children === null;
const isEmpty = (children: string[] | null): boolean => children === null || children.length === 0;

/** The cgroups in a cgroup; null when it is not there. */
async function childrenOf(directory: string): Promise<string[] | null> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return null;
    throw error;
  }
}
