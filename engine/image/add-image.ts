import type { PullOptions } from '../contract/image-engine.ts';
import { EngineError } from '../engine-error.ts';
import type { BlobStore, StoredImage } from './blob-store.ts';
import { fetchImage } from './fetch-image.ts';
import type { FetchImageOptions } from './fetch-image.ts';
import { isCheckpointImage } from './checkpoint-annotations.ts';
import { withImage, withOrigin } from './image-index.ts';
import type { ImageIndexFile } from './image-index.ts';
import type { ImagePaths } from './image-paths.ts';
import type { ImageSource } from './image-source.ts';
import type { LayerStore } from './layer-store.ts';
import { isProven } from './registry-options.ts';

export interface AddImageParts {
  blobs: BlobStore;
  index: ImageIndexFile;
  layers: LayerStore;
  paths: ImagePaths;
  fetch: FetchImageOptions;
  /** Told of the layers of an image that is now complete. */
  onUnpacked: (diffIds: readonly string[]) => void;
}

type JobOptions = Required<PullOptions>;

/**
 * Fetches an image from the first of `sources` that has it, unpacks it, and only then lets the name lead to it: a name in the
 * index always stands for a whole image. Returns the digest of the manifest.
 */
export async function addImage(
  parts: AddImageParts,
  sources: readonly ImageSource[],
  options: JobOptions,
): Promise<string> {
  const { image, source } = await fetchFirst(parts, sources, options);
  await unpackImage(parts, image, options);
  await parts.index.update((index) => {
    const known = withImage(index, image.digest, source.name);
    return isProven(source, parts.fetch.registry) ? withOrigin(known, image.digest, source.name) : known;
  });
  return image.digest;
}

/** Unpacks the layers of an image whose blobs are there. A layer whose blob turns out to be another one loses the blob. */
export async function unpackImage(
  { layers, blobs, paths, onUnpacked }: AddImageParts,
  { manifest, facts }: StoredImage,
  { signal, onProgress }: JobOptions,
): Promise<void> {
  // It is no root filesystem: a restore reads the archive that its layer is.
  if (isCheckpointImage(manifest.annotations)) return;
  const todo = manifest.layers.map((layer, i) => ({ ...layer, diffId: facts.diffIds[i] ?? '' }));
  // The largest first, so that no thread is left alone with it at the end.
  todo.sort((a, b) => b.size - a.size);
  const bytesOf = new Map<string, number>();
  let layersDone = 0;
  const tell = (phase: 'unpacking' | 'done'): void => {
    const bytes = [...bytesOf.values()].reduce((sum, size) => sum + size, 0);
    onProgress({ phase, layersDone, layersTotal: todo.length, bytes });
  };
  // One layer that fails ends the others, and nothing is at work any more when this has failed.
  const failure = new AbortController();
  const both = AbortSignal.any([signal, failure.signal]);
  const results = await Promise.allSettled(
    todo.map(async ({ digest, diffId }) => {
      try {
        await layers.ensure(diffId, paths.blob(digest), {
          signal: both,
          onProgress: (bytes) => {
            bytesOf.set(diffId, bytes);
            tell('unpacking');
          },
        });
        layersDone++;
        tell('unpacking');
      } catch (error) {
        failure.abort();
        if (error instanceof EngineError && error.code === 'IMAGE_INVALID') await blobs.remove(digest);
        throw error;
      }
    }),
  );
  const errors = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason as Error);
  const first = errors.find((error) => !isAborted(error)) ?? errors[0];
  if (first !== undefined) throw first;
  tell('done');
  onUnpacked(facts.diffIds);
}

function isAborted(error: Error): boolean {
  return error instanceof EngineError && error.code === 'ABORTED';
}

async function fetchFirst(
  parts: AddImageParts,
  sources: readonly ImageSource[],
  options: JobOptions,
): Promise<{ image: StoredImage; source: ImageSource }> {
  const errors: Error[] = [];
  for (const source of sources) {
    try {
      return { image: await fetchWhole(parts, source, options), source };
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'IMAGE_NOT_FOUND') throw error;
      errors.push(error);
    }
  }
  throw errors[0] ?? new EngineError('IMAGE_NOT_FOUND', 'fetch image: there is no place to fetch it from');
}

/** skopeo takes a blob that is there for the right one; one that a power failure has cut off is fetched again. */
async function fetchWhole(
  { blobs, fetch }: AddImageParts,
  source: ImageSource,
  { signal, onProgress }: JobOptions,
): Promise<StoredImage> {
  const request = {
    source: source.skopeo,
    registryHost: source.registryHost,
    name: source.name,
    signal,
    onProgress: ({ bytes, blobs: layersTotal }: { bytes: number; blobs: number }) => {
      onProgress({ phase: 'fetching', layersDone: 0, layersTotal, bytes });
    },
  };
  for (let attempt = 1; ; attempt++) {
    const digest = await fetchImage(fetch, request);
    const image = await blobs.read(digest);
    const missing = image === null ? [] : await blobs.missing(image);
    if (image !== null && missing.length === 0) return image;
    if (attempt === 2) {
      throw new EngineError(
        'IMAGE_INVALID',
        `fetch ${source.name}: what arrived is not what its digests say`,
      );
    }
    if (image === null) await blobs.remove(digest);
    for (const layer of missing) await blobs.remove(layer.digest);
  }
}
