import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Which cgroup hierarchies a host has and where they are mounted (cgroups(7)). `hybrid`: version 1 controllers with a version
 * 2 tree beside them.
 */
export interface CgroupLayout {
  readonly version: 'v1' | 'hybrid' | 'v2';
  /** Mount point of the version 2 tree, if there is one. */
  readonly unified: string | null;
  /** Mount point of each version 1 controller (`memory`, `name=systemd`, …). */
  readonly v1: ReadonlyMap<string, string>;
  /** Controllers that can be used, of either version. */
  readonly controllers: readonly string[];
}

/** Reads it from /proc/self/mountinfo. */
export async function readCgroupLayout(): Promise<CgroupLayout> {
  const layout = parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'));
  if (layout.version !== 'v2' || layout.unified === null) return layout;
  const text = await readFile(path.join(layout.unified, 'cgroup.controllers'), 'utf8');
  return { ...layout, controllers: text.trim().split(/\s+/).filter(Boolean) };
}

/** proc_pid_mountinfo(5): `… mountpoint options … - fstype source superoptions`. */
export function parseCgroupMounts(mountinfo: string): CgroupLayout {
  const v1 = new Map<string, string>();
  let unified: string | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    if (before === undefined || after === undefined) continue;
    const mountPoint = unescapeOctal(before.split(' ')[4] ?? '');
    const [fstype, , superOptions = ''] = after.split(' ');
    if (fstype === 'cgroup2') unified ??= mountPoint;
    if (fstype !== 'cgroup') continue;
    for (const option of superOptions.split(',')) {
      // The first is the host's: CRIU mounts all of them once more for a moment, also when somebody else calls it.
      if (!GENERIC_OPTIONS.has(option) && !v1.has(option)) v1.set(option, mountPoint);
    }
  }
  const version = v1.size === 0 ? 'v2' : unified === null ? 'v1' : 'hybrid';
  return { version, unified, v1, controllers: [...v1.keys()].filter((name) => !name.startsWith('name=')) };
}

const GENERIC_OPTIONS = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'release_agent']);

/** mountinfo writes blanks and backslashes of paths as \040 and the like. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** The directories, one for each hierarchy, of the cgroup `cgroupPath` (`/tsctr/<id>`). */
export function cgroupDirectories(layout: CgroupLayout, cgroupPath: string): string[] {
  const mounts = new Set([...layout.v1.values(), ...(layout.unified === null ? [] : [layout.unified])]);
  return [...mounts].map((mount) => path.join(mount, cgroupPath));
}
