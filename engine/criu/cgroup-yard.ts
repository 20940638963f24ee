import path from 'node:path';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';

/**
 * The directory that has every hierarchy of this host under the name that CRIU knows it by (`cpu,cpuacct`, `systemd`, `unified`):
 * with it CRIU need not mount each of them once more for itself, which takes it 10 ms. Null where they lie otherwise.
 */
export function cgroupYard(layout: CgroupLayout): string | null {
  if (layout.version === 'v2') return null;
  const controllers = new Map<string, string[]>();
  for (const [controller, mount] of layout.v1) {
    controllers.set(mount, [...(controllers.get(mount) ?? []), controller.replace(/^name=/, '')]);
  }
  const yards = new Set([...controllers.keys()].map((mount) => path.dirname(mount)));
  const [yard] = yards;
  if (yard === undefined || yards.size > 1) return null;
  const fits = [...controllers].every(([mount, names]) => path.basename(mount) === names.join(','));
  const unifiedFits = layout.unified === null || layout.unified === path.join(yard, 'unified');
  return fits && unifiedFits ? yard : null;
}
