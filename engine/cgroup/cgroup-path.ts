import { createHash } from 'node:crypto';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { HostFacts } from '../contract/host-facts.ts';
import { cgroupDirectories } from './cgroup-layout.ts';
import type { CgroupLayout } from './cgroup-layout.ts';

const DEFAULT_RUN = '/run/tsctr';

/** Whose cgroups, made by whom. */
export interface CgroupOwner {
  /** `<run>` of the instance. */
  run: string;
  manager: HostFacts['cgroupManager'];
}

/** The name of one instance among cgroups: `tsctr`, with a suffix for an instance that lives elsewhere. */
function instanceName(run: string): string {
  if (run === DEFAULT_RUN) return 'tsctr';
  return `tsctr_${createHash('sha256').update(run).digest('hex').slice(0, 8)}`;
}

/**
 * The cgroups above a container's, outermost first: that of the instance, then that of the pod. With systemd they are slices,
 * whose names repeat those of their parents.
 */
export function parentCgroups(owner: CgroupOwner, podId: string | null): string[] {
  const instance = instanceName(owner.run);
  const pod = podId === null ? [] : [`pod_${podId.slice(0, 12)}`];
  if (owner.manager === 'systemd') {
    const slice = `/${instance}.slice`;
    return [slice, ...pod.map((name) => `${slice}/${instance}-${name}.slice`)];
  }
  return [`/${instance}`, ...pod.map((name) => `/${instance}/${name}`)];
}

/** The scope of the instance's monitors, below its slice. */
export function monitorUnit(owner: CgroupOwner): string {
  return `${instanceName(owner.run)}-monitors.scope`;
}

/** The path of the container's cgroup in each hierarchy. */
export function containerCgroup(owner: CgroupOwner, request: ContainerRequest): string {
  const parent = request.spec.cgroupParent ?? parentCgroups(owner, request.pod?.id ?? null).at(-1) ?? '/';
  const leaf = owner.manager === 'systemd' ? `tsctr-${request.id}.scope` : request.id;
  return path.posix.join('/', parent, leaf);
}

/** `linux.cgroupsPath` of the spec: that path, or systemd's `slice:prefix:name`. */
export function cgroupsPathFor(owner: CgroupOwner, request: ContainerRequest): string {
  const cgroup = containerCgroup(owner, request);
  if (owner.manager === 'cgroupfs') return cgroup;
  return `${path.posix.basename(path.posix.dirname(cgroup))}:tsctr:${request.id}`;
}

/** Removes an empty cgroup in each hierarchy; one that is in use or not there is left alone. */
export async function removeCgroup(layout: CgroupLayout, cgroupPath: string): Promise<void> {
  await Promise.all(cgroupDirectories(layout, cgroupPath).map(removeWhenEmpty));
}

/**
 * Tries again for a moment: a cgroup with nothing in it stays busy until the kernel is done with a child, or a process, that has just
 * gone, and on a loaded machine that takes its time.
 */
async function removeWhenEmpty(directory: string): Promise<void> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  for (let pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, 50)) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
    }
    if (performance.now() > deadline || (await isInUse(directory))) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

const REMOVE_TIMEOUT_MS = 3_000;

/** True when the cgroup has a child or a process. */
async function isInUse(directory: string): Promise<boolean> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    if (entries.some((entry) => entry.isDirectory())) return true;
    return (await readFile(path.join(directory, 'cgroup.procs'), 'utf8')) !== '';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return false;
    throw error;
  }
}
