import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import { attachTree, cloneTree, tryMapOwners } from './id-mapped-mount.ts';
import { mountOverlay, unmountAll } from './mount-overlay.ts';
import type { Overlay } from './mount-overlay.ts';

/**
 * Mounts an overlay whose lower directories show their owners as the user namespace (a file of nsfs) has them: each by an
 * id-mapped mount that exists only until the overlay has taken it. `scratch` is a directory for these, made and removed here.
 * False, with nothing mounted, where the file system of the layers cannot do so.
 */
export async function mountMappedOverlay(
  kernel: Kernel,
  overlay: Overlay,
  place: { target: string; attributes: number; scratch: string; userNamespace: string },
): Promise<boolean> {
  const mapped: string[] = [];
  try {
    for (const [index, lower] of overlay.lowers.entries()) {
      const tree = cloneTree(kernel, lower);
      try {
        if (!tryMapOwners(kernel, tree, place.userNamespace)) return false;
        const target = path.join(place.scratch, String(index));
        await mkdir(target, { recursive: true, mode: 0o700 });
        attachTree(kernel, tree, target);
        mapped.push(target);
      } finally {
        kernel.close(tree);
      }
    }
    mountOverlay(kernel, { ...overlay, lowers: mapped }, place.target, place.attributes);
    return true;
  } finally {
    for (const target of mapped) unmountAll(kernel, target);
    await rm(place.scratch, { recursive: true, force: true });
  }
}
