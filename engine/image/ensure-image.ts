import type { ImageDetails, PullOptions, PullPolicy } from '../contract/image-engine.ts';
import { EngineError } from '../engine-error.ts';
import { addImage, unpackImage } from './add-image.ts';
import type { AddImageParts } from './add-image.ts';
import { isImageId } from './image-catalog.ts';
import type { ImageCatalog } from './image-catalog.ts';
import { imageCandidates } from './image-source.ts';

export interface EnsureImageParts {
  catalog: ImageCatalog;
  add: AddImageParts;
  searchRegistries: readonly string[] | undefined;
}

/** The image when nothing has to be done for it; null when `ensureImage` must. */
export async function findReady(
  { catalog, searchRegistries }: EnsureImageParts,
  reference: string,
  policy: PullPolicy,
): Promise<ImageDetails | null> {
  const { sources } = candidates(reference, searchRegistries);
  if (policy === 'Always' && sources.length > 0) return null;
  const found = await catalog.find(reference);
  return found !== null && (await catalog.isUnpacked(found.digest)) ? found : null;
}

/** Makes it be there and unpacked, as the policy says (Kubernetes, "Image pull policy"). */
export async function ensureImage(
  { catalog, add, searchRegistries }: EnsureImageParts,
  reference: string,
  policy: PullPolicy,
  options: Required<PullOptions>,
): Promise<ImageDetails> {
  const { names, sources } = candidates(reference, searchRegistries);
  const mayFetch = policy !== 'Never' && sources.length > 0;
  if (policy !== 'Always' || !mayFetch) {
    const found = await catalog.find(reference);
    const unpacked = found !== null && (await unpackFound(add, found, mayFetch, options));
    if (unpacked) return found;
  }
  if (!mayFetch) throw notHere(reference, names, policy);
  return catalog.details(await addImage(add, sources, options));
}

/** False when its blobs are damaged or gone, but may be fetched again. */
async function unpackFound(
  add: AddImageParts,
  { digest }: ImageDetails,
  mayFetch: boolean,
  options: Required<PullOptions>,
): Promise<boolean> {
  const image = await add.blobs.read(digest);
  if (image === null) return false;
  const missing = await add.blobs.missing(image);
  if (mayFetch && missing.length > 0) return false;
  try {
    await unpackImage(add, image, options);
    return true;
  } catch (error) {
    if (mayFetch && error instanceof EngineError && error.code === 'IMAGE_INVALID') return false;
    throw error;
  }
}

function candidates(
  reference: string,
  searchRegistries: readonly string[] | undefined,
): ReturnType<typeof imageCandidates> {
  return isImageId(reference)
    ? { names: [reference], sources: [] }
    : imageCandidates(reference, searchRegistries);
}

function notHere(reference: string, names: readonly string[], policy: PullPolicy): EngineError {
  const looked = names.join(', ');
  if (policy === 'Never') {
    return new EngineError(
      'IMAGE_NOT_FOUND',
      `find image ${reference}: the store does not have ${looked}, and the pull policy is Never`,
      { hint: 'pull or import it, or set imagePullPolicy: IfNotPresent' },
    );
  }
  return new EngineError('IMAGE_NOT_FOUND', `find image ${reference}: the store does not have ${looked}`, {
    hint: 'images of localhost/ come from no registry: import it with `tsctr image import`',
  });
}
