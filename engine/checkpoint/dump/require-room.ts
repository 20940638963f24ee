import path from 'node:path';
import { directorySize } from '../../container/directory-size.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import type { PlannedArchive } from '../../contract/checkpoint-archive.ts';
import { requireSpace } from '../archive/disk-space.ts';
import { namedVolumesOf } from '../named-volumes.ts';
import { requirePlace } from '../archive/require-place.ts';
import { requireExportable } from '../archive/require-exportable.ts';
import { memoryBytes } from './watch-pages.ts';

/**
 * Refuses what will not fit, or cannot be written there, before anything stands still: the images below the root of tsctr and, where
 * one is asked for, the archive.
 */
export async function requireRoom(
  context: ContainerContext,
  archive: PlannedArchive | null,
  operation: string,
): Promise<void> {
  const { parts, request, paths } = context;
  const memory = (await memoryBytes(parts, request).catch(() => null)) ?? 0;
  requireSpace(parts.kernel, paths.state, memory, operation);
  if (archive === null) return;
  requireExportable(context, archive, operation);
  if (archive.file !== null) await requirePlace(archive.file, operation);
  const sizes = await Promise.all([
    archive.leaveOut.includes('rootfs') || request.spec.rootfs !== undefined ? 0 : directorySize(paths.upper),
    ...(archive.leaveOut.includes('volumes') ? [] : volumeDirectories(context)).map((directory) =>
      directorySize(directory).catch(() => 0),
    ),
  ]);
  const bytes = sizes.reduce((sum, size) => sum + size, memory);
  // What memory shrinks to nobody knows before.
  const least = archive.compression === 'none' ? bytes : Math.ceil(bytes / LIKELY_SHRINKING);
  const directory = archive.file === null ? parts.paths.root : path.dirname(archive.file);
  requireSpace(parts.kernel, directory, least, operation);
}

const LIKELY_SHRINKING = 8;

function volumeDirectories({ parts, request }: ContainerContext): string[] {
  const names = new Set(namedVolumesOf(request).map(({ claim }) => claim));
  return [...names].map((name) => parts.volumes.pathsOf(name).data);
}
