import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { directorySize } from '../../container/directory-size.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import type { PlannedArchive } from '../../contract/checkpoint-archive.ts';
import { EngineError } from '../../engine-error.ts';
import { requireSpace } from '../archive/disk-space.ts';
import { namedVolumesOf } from '../named-volumes.ts';
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

/** An absolute path in a directory that can be written to; what is there must be a file, which is replaced. */
export async function requirePlace(file: string, operation: string): Promise<void> {
  const directory = path.dirname(file);
  const refuse = (reason: string, cause?: unknown): never => {
    throw new EngineError('BAD_REQUEST', `${operation}: write ${file}: ${reason}`, { cause });
  };
  if (!path.isAbsolute(file)) refuse('expected an absolute path');
  try {
    if (!(await stat(directory)).isDirectory()) refuse(`${directory} is no directory`);
    await access(directory, constants.W_OK);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    refuse(
      hasErrno(error, 'ENOENT') ? `there is no directory ${directory}` : (error as Error).message,
      error,
    );
  }
  const present = await lstat(file).catch(() => null);
  if (present !== null && !present.isFile()) refuse('there is something that is no regular file');
}
