import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import { openImageDirectory } from '../../criu/image/directory-images.ts';
import { EngineError } from '../../engine-error.ts';
import { DEFAULT_ARCHIVE_LIMITS } from '../archive/archive-limits.ts';
import type { KnownFile } from '../archive/archive-member.ts';
import { explainRefusal } from '../archive/read-archive.ts';
import { ChangesReader } from './changes-reader.ts';
import { emptySizes, READ_DOCUMENTS } from './checkpoint-contents.ts';
import type { CheckpointContents, ContentSizes, RootfsChanges } from './checkpoint-contents.ts';

/** A kept checkpoint of tsctr, an unpacked archive, or a directory of images alone. */
export async function openDirectory(directory: string): Promise<CheckpointContents> {
  const directoryOfImages = await findImages(directory);
  const { images, documents } = await openDescribing(directory, directoryOfImages);
  return {
    path: directory,
    layout: 'directory',
    images,
    madeAt: (await stat(path.join(directoryOfImages, 'inventory.img')).catch(() => null))?.mtime ?? null,
    documents,
    sizes: await measure(directory, images.sizes),
    rootfsChanges: await listChanges(path.join(directory, 'rootfs-diff.tar')),
  };
}

/** What describes a checkpoint in a directory, without a look at all else that is in it. */
export async function openDescribing(
  directory: string,
  images: string,
): Promise<Pick<CheckpointContents, 'images' | 'documents'>> {
  const documents = new Map<KnownFile, Buffer>();
  await Promise.all(
    [...READ_DOCUMENTS].map(async (name) => {
      const bytes = await readDocument(path.join(directory, name));
      if (bytes !== null) documents.set(name, bytes);
    }),
  );
  return { images: await openImageDirectory(images), documents };
}

async function findImages(directory: string): Promise<string> {
  for (const name of ['images', 'checkpoint', '.']) {
    const images = path.join(directory, name);
    const names: string[] = await readdir(images).catch(() => []);
    if (names.includes('inventory.img') || names.includes('pstree.img')) return images;
  }
  throw new EngineError(
    'CHECKPOINT_INCOMPLETE',
    `inspect checkpoint ${directory}: a complete checkpoint cannot be found, there is no inventory.img`,
  );
}

async function openPlain(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ELOOP')) return null;
    throw error;
  }
}

async function readDocument(file: string): Promise<Buffer | null> {
  const handle = await openPlain(file);
  if (handle === null) return null;
  try {
    const status = await handle.stat();
    if (!status.isFile()) return null;
    if (status.size > DEFAULT_ARCHIVE_LIMITS.maxDocumentBytes) {
      throw new EngineError(
        'CHECKPOINT_INVALID',
        `inspect checkpoint ${path.dirname(file)}: ${path.basename(file)} has ${String(status.size)} bytes, more than can be looked at`,
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function listChanges(file: string): Promise<RootfsChanges> {
  const reader = new ChangesReader();
  const handle = await openPlain(file);
  if (handle === null) return reader.changes;
  try {
    const pieces = handle.createReadStream({ start: 0, autoClose: false });
    for await (const piece of pieces) reader.write(piece as Buffer);
    return reader.changes;
  } catch (error) {
    throw explainRefusal(`inspect checkpoint ${path.dirname(file)}`, error);
  } finally {
    await handle.close();
  }
}

async function measure(directory: string, images: ReadonlyMap<string, number>): Promise<ContentSizes> {
  const sizes = emptySizes();
  for (const [name, bytes] of images) {
    sizes.images += bytes;
    if (name.startsWith('pages-')) sizes.memoryPages += bytes;
  }
  sizes.rootfsDiff = await sizeOf(path.join(directory, 'rootfs-diff.tar'));
  sizes.sharedMemory = await sizeOf(path.join(directory, 'devshm-checkpoint.tar'));
  const volumes = path.join(directory, 'volumes');
  for (const name of await readdir(volumes).catch(() => [])) {
    if (name.endsWith('.tar')) sizes.volumes[name.slice(0, -4)] = await sizeOf(path.join(volumes, name));
  }
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sizes.total += await sizeOf(path.join(entry.parentPath, entry.name));
  }
  return sizes;
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}
