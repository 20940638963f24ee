import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import { EngineError } from '../../engine-error.ts';
import { writeCheckpointRecord } from '../kept/checkpoint-record.ts';
import type { CheckpointRecord } from '../kept/checkpoint-record.ts';
import { readDocuments } from '../inspect/checkpoint-documents.ts';
import type { CheckpointDocuments } from '../inspect/checkpoint-documents.ts';
import { openDescribing } from '../inspect/open-directory.ts';
import { parseDocument } from '../inspect/parse-document.ts';
import { syncTree } from '../dump/sync-tree.ts';
import { ArchiveDigest, signerOf, SIGNATURE_MEMBER } from './archive-signature.ts';
import { ArchiveExtractor, EXTRACTED_DIRECTORIES } from './archive-extractor.ts';
import { DEFAULT_ARCHIVE_LIMITS } from './archive-limits.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { checkNestedArchive } from './check-nested-archive.ts';
import { checkDeletedPaths } from './deleted-paths.ts';
import { deriveRecord } from './derive-record.ts';
import { readArchive } from './read-archive.ts';
import { requireSpace } from './disk-space.ts';

export interface ImportRequest {
  /** `import checkpoint for container/web`, for errors. */
  operation: string;
  /** Path of the archive. */
  archive: string;
  /** Where the checkpoint is put: it must not exist, its parent must. It is there when it is complete, or not at all. */
  target: string;
  limits?: ArchiveLimits;
  /** Whether device nodes among the changed files are made. Default: refuse. */
  devices?: 'refuse' | 'allow';
  /** Whether anybody asks who has signed it: finding out takes a digest of all that is in it. Default: find. */
  signer?: 'find' | 'unasked';
  /** Whether it must outlive a loss of power. Default: none, as it can be imported again as long as the archive is there. */
  sync?: 'all' | 'none';
  onProgress?: (uncompressedBytes: number) => void;
  signal?: AbortSignal;
}

export interface ImportedCheckpoint {
  record: CheckpointRecord;
  documents: CheckpointDocuments;
  /** Members of no interest, which were left out. */
  ignored: string[];
  /** The key that has signed the archive, and the signature is good; null: none, or nobody asked. */
  signer: string | null;
}

/**
 * Makes of an archive a directory that is laid out as a kept checkpoint. The archive is untrusted: names, types and sizes are
 * checked, documents and images are read, archives within it are checked, and nothing is written outside of the target.
 * Throws CHECKPOINT_INVALID, CHECKPOINT_INCOMPLETE or NO_SPACE, and leaves nothing then.
 */
export async function importArchive(kernel: Kernel, request: ImportRequest): Promise<ImportedCheckpoint> {
  const { operation, archive, target } = request;
  if (existsSync(target)) throw new EngineError('BAD_REQUEST', `${operation}: ${target} exists already`);
  requireSpace(kernel, path.dirname(target), (await lstat(archive)).size, operation);
  const temporary = `${target}.importing`;
  await rm(temporary, { recursive: true, force: true });
  try {
    for (const name of ['', ...EXTRACTED_DIRECTORIES]) {
      await mkdir(path.join(temporary, name), { mode: 0o700 });
    }
    const { ignored, digest } = await extract(kernel, request, temporary);
    await removeEmptyDirectories(temporary);
    const { documents, record } = await check(kernel, request, temporary);
    await writeCheckpointRecord(temporary, record);
    if (request.sync === 'all') await syncTree(kernel, temporary);
    await rename(temporary, target);
    return { record, documents, ignored, signer: await findSigner(target, digest) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function extract(kernel: Kernel, request: ImportRequest, directory: string): Promise<ArchiveExtractor> {
  const {
    operation,
    archive,
    limits = DEFAULT_ARCHIVE_LIMITS,
    signer = 'find',
    onProgress,
    signal,
  } = request;
  const fd = kernel.openat2(AT_FDCWD, directory, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  const extractor = new ArchiveExtractor(kernel, {
    root: { fd, path: directory },
    limits,
    operation,
    digest: signer === 'find' ? new ArchiveDigest() : null,
  });
  try {
    await readArchive(kernel, archive, extractor, {
      operation,
      maxEntries: limits.maxEntries,
      maxBytes: limits.maxBytes,
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
    });
    // Where it leads is ours to say.
    if (extractor.hasParent) await symlink('../previous', path.join(directory, 'images', 'parent'));
    return extractor;
  } finally {
    await extractor.close();
    kernel.close(fd);
  }
}

async function findSigner(directory: string, digest: Buffer | null): Promise<string | null> {
  if (digest === null) return null;
  const bytes = await readFile(path.join(directory, SIGNATURE_MEMBER));
  const { archiveSignature } = await import('../../../schemas/index.ts');
  return signerOf(parseDocument(SIGNATURE_MEMBER, bytes, archiveSignature), digest);
}

async function removeEmptyDirectories(directory: string): Promise<void> {
  for (const name of EXTRACTED_DIRECTORIES) {
    const inner = path.join(directory, name);
    if ((await readdir(inner)).length === 0) await rm(inner, { recursive: true });
  }
}

/** Reads all that a restore will rely on, so that what is bad is told before anything is created. */
async function check(
  kernel: Kernel,
  request: ImportRequest,
  directory: string,
): Promise<{ documents: CheckpointDocuments; record: CheckpointRecord }> {
  const { operation } = request;
  if (!existsSync(path.join(directory, 'images', 'inventory.img'))) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: a complete checkpoint cannot be found in ${request.archive}`,
    );
  }
  const contents = await openDescribing(directory, path.join(directory, 'images'));
  const documents = await readDocuments(contents);
  checkDeletedPaths(documents.deletedFiles, operation);
  await checkDescriptors(directory);
  const images = new CheckpointImages(contents.images);
  await checkImages(images);
  await checkNested(kernel, request, directory);
  return { documents, record: await deriveRecord(directory, contents, { images, documents }) };
}

/** Each process must have what CRIU writes of every process. */
async function checkImages(images: CheckpointImages): Promise<void> {
  await images.inventory();
  for (const { pid } of await images.processes()) {
    await images.core(pid);
    await images.mm(pid);
    await images.fs(pid);
  }
}

async function checkDescriptors(directory: string): Promise<void> {
  const file = path.join(directory, 'images', 'descriptors.json');
  if (!existsSync(file)) return;
  const { descriptors } = await import('../../../schemas/index.ts');
  parseDocument('descriptors.json', await readFile(file), descriptors);
}

async function checkNested(kernel: Kernel, request: ImportRequest, directory: string): Promise<void> {
  const { operation, limits = DEFAULT_ARCHIVE_LIMITS, devices = 'refuse', signal } = request;
  const nested = ['rootfs-diff.tar', 'devshm-checkpoint.tar'];
  for (const name of ['volumes', 'empty-dirs']) {
    if (existsSync(path.join(directory, name))) {
      nested.push(...(await readdir(path.join(directory, name))).map((file) => `${name}/${file}`));
    }
  }
  for (const name of nested.filter((file) => existsSync(path.join(directory, file)))) {
    await checkNestedArchive(kernel, path.join(directory, name), {
      operation: `${operation}: ${name}`,
      devices: name === 'rootfs-diff.tar' ? devices : 'refuse',
      maxEntries: limits.maxEntries,
      maxBytes: limits.maxBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
