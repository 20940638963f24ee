import type { ImageDetails } from '../contract/image-engine.ts';
import { EngineError } from '../engine-error.ts';
import type { BlobStore } from './blob-store.ts';
import { isCheckpointImage } from './checkpoint-annotations.ts';
import type { ImageCatalog } from './image-catalog.ts';
import { isImageId } from './image-catalog.ts';
import { withoutManifests, withoutNames } from './image-index.ts';
import type { ImageIndexFile } from './image-index.ts';
import type { LayerStore } from './layer-store.ts';
import { imageCandidates } from './image-source.ts';

export interface RemoveImagesParts {
  blobs: BlobStore;
  catalog: ImageCatalog;
  index: ImageIndexFile;
  layers: LayerStore;
  searchRegistries: readonly string[] | undefined;
}

/** Takes the name away, and the image with its last name; an id takes away all its names. */
export async function removeImage(
  parts: RemoveImagesParts,
  reference: string,
  inUse: ReadonlySet<string>,
): Promise<void> {
  const { catalog, index, searchRegistries } = parts;
  const image = await catalog.find(reference);
  if (image === null)
    throw new EngineError('IMAGE_NOT_FOUND', `remove image ${reference}: it is not in the store`);
  const asked = isImageId(reference) ? [] : imageCandidates(reference, searchRegistries).names;
  const name = asked.find((candidate) => image.names.includes(candidate));
  if (name !== undefined && image.names.length > 1) {
    await index.update((known) => withoutNames(known, [name]));
    return;
  }
  if (inUse.has(image.id)) {
    throw new EngineError('IMAGE_IN_USE', `remove image ${reference}: containers use it`, {
      hint: 'remove the containers first',
    });
  }
  await index.update((known) => withoutManifests(known, [image.digest]));
  await removeUnreferenced(parts);
}

/**
 * Removes all images whose id is not in `inUse`, and everything that no image needs. A checkpoint stays as long as it has a name: nothing
 * uses it until the day when it is restored, and its memory cannot be pulled anew.
 */
export async function pruneImages(
  parts: RemoveImagesParts,
  inUse: ReadonlySet<string>,
): Promise<{ removed: ImageDetails[]; freedBytes: number }> {
  const removed: ImageDetails[] = [];
  for (const image of await parts.catalog.list()) {
    if (inUse.has(image.id) || (image.names.length > 0 && (await isCheckpoint(parts, image)))) continue;
    removed.push(image);
  }
  if (removed.length > 0) {
    await parts.index.update((known) =>
      withoutManifests(
        known,
        removed.map(({ digest }) => digest),
      ),
    );
  }
  return { removed, freedBytes: await removeUnreferenced(parts) };
}

async function isCheckpoint({ blobs }: RemoveImagesParts, { digest }: ImageDetails): Promise<boolean> {
  const image = await blobs.read(digest);
  return image !== null && isCheckpointImage(image.manifest.annotations);
}

/** The index is what counts: a crash between its change and this leaves only what the next prune takes. */
async function removeUnreferenced({ blobs, index, layers }: RemoveImagesParts): Promise<number> {
  const keepBlobs = new Set<string>();
  const keepLayers = new Set<string>();
  for (const digest of (await index.read()).manifests) {
    keepBlobs.add(digest);
    const image = await blobs.read(digest);
    if (image === null) continue;
    keepBlobs.add(image.manifest.config.digest);
    for (const layer of image.manifest.layers) keepBlobs.add(layer.digest);
    for (const diffId of image.facts.diffIds) keepLayers.add(diffId);
  }
  return (await layers.removeAllBut(keepLayers)) + (await blobs.removeAllBut(keepBlobs));
}
