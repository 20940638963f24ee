import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { parseDocument } from '../inspect/parse-document.ts';
import { DEFAULT_ARCHIVE_LIMITS } from './archive-limits.ts';
import { checkDeletedPaths } from './deleted-paths.ts';
import { explainRefusal, readArchive } from './read-archive.ts';
import { removeBeneath } from './remove-beneath.ts';
import { RootWriter } from './root-writer.ts';

export interface ApplyOptions {
  /** `restore container/web`, for errors. */
  operation: string;
  /** Whether device nodes are made. Default: refuse. */
  devices?: 'refuse' | 'allow';
  signal?: AbortSignal;
}

/**
 * Makes in `directory`, the mounted root filesystem of a container that does not run, the changes that a checkpoint has:
 * `rootfs-diff.tar`, then `deleted.files`. Without them nothing happens. The mount, and not its upper directory, so that the
 * kernel copies up what directories above a changed file are like.
 */
export async function applyRootfsChanges(
  kernel: Kernel,
  checkpoint: string,
  directory: string,
  options: ApplyOptions,
): Promise<void> {
  const diff = path.join(checkpoint, 'rootfs-diff.tar');
  const deleted = path.join(checkpoint, 'deleted.files');
  if (existsSync(diff)) await unpackInto(kernel, diff, directory, options);
  if (existsSync(deleted)) await removeDeleted(kernel, deleted, directory, options);
}

/** Unpacks an archive of files into an existing directory: a volume, or a root filesystem. Nothing is written outside of it. */
export async function unpackInto(
  kernel: Kernel,
  archive: string,
  directory: string,
  options: ApplyOptions,
): Promise<void> {
  const { operation, devices = 'refuse', signal } = options;
  const { maxEntries, maxBytes } = DEFAULT_ARCHIVE_LIMITS;
  const root = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  const writer = new RootWriter(kernel, root, devices);
  try {
    await readArchive(kernel, archive, writer, {
      operation: `${operation}: ${path.basename(archive)}`,
      maxEntries,
      maxBytes,
      ...(signal === undefined ? {} : { signal }),
    });
    writer.finish();
  } finally {
    writer.close();
    kernel.close(root);
  }
}

async function removeDeleted(
  kernel: Kernel,
  file: string,
  directory: string,
  options: ApplyOptions,
): Promise<void> {
  const { operation } = options;
  if ((await stat(file)).size > DEFAULT_ARCHIVE_LIMITS.maxDocumentBytes) {
    throw new EngineError('CHECKPOINT_INVALID', `${operation}: deleted.files is too large`);
  }
  const { deletedFiles } = await import('../../../schemas/index.ts');
  const paths = checkDeletedPaths(
    parseDocument('deleted.files', await readFile(file), deletedFiles),
    operation,
  );
  const root = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  try {
    for (const deleted of paths) removeBeneath(kernel, root, deleted);
  } catch (error) {
    throw explainRefusal(`${operation}: deleted.files`, error);
  } finally {
    kernel.close(root);
  }
}
