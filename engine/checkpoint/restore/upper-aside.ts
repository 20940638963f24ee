import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerPaths } from '../../host-paths.ts';

/** Where the writable layer waits while a restore tries another one. */
function asideOf({ state }: Pick<ContainerPaths, 'state'>): string {
  return path.join(state, 'upper.before');
}

export function hasUpperAside(paths: Pick<ContainerPaths, 'state'>): boolean {
  return existsSync(asideOf(paths));
}

/** Begins an empty writable layer; the one before it is kept until the restore has succeeded. Nothing is mounted. */
export async function setUpperAside(paths: ContainerPaths): Promise<void> {
  const aside = asideOf(paths);
  if (existsSync(paths.upper)) await rename(paths.upper, aside);
  await rm(paths.work, { recursive: true, force: true });
  await mkdir(paths.upper, { mode: 0o555 });
  await mkdir(paths.work, { mode: 0o700 });
}

/** Takes the layer back that was set aside. Safe when there is none. */
export async function putUpperBack(paths: ContainerPaths): Promise<void> {
  const aside = asideOf(paths);
  if (!existsSync(aside)) return;
  await rm(paths.upper, { recursive: true, force: true });
  await rm(paths.work, { recursive: true, force: true });
  await rename(aside, paths.upper);
  await mkdir(paths.work, { mode: 0o700 });
}

/** The container goes on with the new layer. */
export async function forgetUpperAside(paths: ContainerPaths): Promise<void> {
  await rm(asideOf(paths), { recursive: true, force: true });
}
