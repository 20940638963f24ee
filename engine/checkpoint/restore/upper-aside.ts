import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../../native/index.ts';
import type { ContainerPaths } from '../../host-paths.ts';

/** Where the writable layer waits while a restore tries another one. */
function asideOf({ state }: Pick<ContainerPaths, 'state'>): string {
  return path.join(state, 'upper.before');
}

export function hasUpperAside(paths: Pick<ContainerPaths, 'state'>): boolean {
  return existsSync(asideOf(paths));
}

/** Begins an empty writable layer; the one before it is kept until the restore has succeeded. Nothing is mounted. */
export async function setUpperAside(kernel: Kernel, paths: ContainerPaths): Promise<void> {
  const aside = asideOf(paths);
  if (existsSync(paths.upper)) await rename(paths.upper, aside);
  await kernel.removeTree(paths.work);
  await mkdir(paths.upper, { mode: 0o555 });
  await mkdir(paths.work, { mode: 0o700 });
}

/** Takes the layer back that was set aside. Safe when there is none. */
export async function putUpperBack(kernel: Kernel, paths: ContainerPaths): Promise<void> {
  const aside = asideOf(paths);
  if (!existsSync(aside)) return;
  await kernel.removeTree(paths.upper);
  await kernel.removeTree(paths.work);
  await rename(aside, paths.upper);
  await mkdir(paths.work, { mode: 0o700 });
}

/** The container goes on with the new layer. */
export async function forgetUpperAside(kernel: Kernel, paths: ContainerPaths): Promise<void> {
  await kernel.removeTree(asideOf(paths));
}
