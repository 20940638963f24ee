import type { ImageConfig, ImageDetails } from '../contract/image-engine.ts';
import { EngineError } from '../engine-error.ts';
import type { BlobStore, StoredImage } from './blob-store.ts';
import type { ImageIndex, ImageIndexFile } from './image-index.ts';
import type { ImagePaths } from './image-paths.ts';
import { isCheckpointImage } from './checkpoint-annotations.ts';
import { imageCandidates } from './image-source.ts';
import type { LayerStore } from './layer-store.ts';
import type { RootStatus } from './layer-writer.ts';

/** The questions that can be asked of the store. None of them changes anything. */
export interface ImageCatalog {
  /** By name, or by id: `sha256:…`, or at least its first 12 digits. */
  readonly find: (reference: string) => Promise<ImageDetails | null>;
  readonly list: () => Promise<ImageDetails[]>;
  /** Of the image with this manifest. */
  readonly details: (digest: string) => Promise<ImageDetails>;
  readonly isUnpacked: (digest: string) => Promise<boolean>;
  readonly layerPaths: (imageId: string) => Promise<string[]>;
  /** Path of the archive that a checkpoint image holds. Throws for any other image. */
  readonly checkpointArchive: (reference: string) => Promise<string>;
  readonly originOf: (reference: string) => Promise<string | null>;
  /** By name or id, as its blobs describe it. */
  readonly stored: (reference: string) => Promise<StoredImage>;
  readonly config: (imageId: string) => Promise<ImageConfig>;
  readonly rootStatus: (imageId: string) => Promise<RootStatus | null>;
}

export interface ImageCatalogOptions {
  blobs: BlobStore;
  index: ImageIndexFile;
  layers: LayerStore;
  paths: ImagePaths;
  searchRegistries: readonly string[] | undefined;
}

const ID = /^(?:sha256:)?([0-9a-f]{12,64})$/;

/** True for what can only be an image id: no name has 64 hexadecimal digits or a digest alone. */
export function isImageId(reference: string): boolean {
  return /^(?:sha256:[0-9a-f]{12,64}|[0-9a-f]{64})$/.test(reference);
}

export function createImageCatalog(options: ImageCatalogOptions): ImageCatalog {
  const { blobs, index, layers, paths, searchRegistries } = options;

  /** Those whose blobs are sound. */
  async function images({ manifests }: ImageIndex): Promise<StoredImage[]> {
    const found = await Promise.all(manifests.map((digest) => blobs.read(digest)));
    return found.filter((image) => image !== null);
  }

  async function byId(imageId: string): Promise<StoredImage> {
    const found = (await images(await index.read())).find(
      ({ manifest }) => manifest.config.digest === imageId,
    );
    if (found === undefined) {
      throw new EngineError('IMAGE_NOT_FOUND', `find image ${imageId}: it is not in the store`, {
        hint: 'pull it again',
      });
    }
    return found;
  }

  /** By id, which is the digest of what they say: asked for at every look at every container. */
  const configs = new Map<string, ImageConfig>();

  async function find(reference: string): Promise<ImageDetails | null> {
    const known = await index.read();
    if (!isImageId(reference)) {
      for (const name of imageCandidates(reference, searchRegistries).names) {
        const digest = Object.hasOwn(known.names, name) ? known.names[name] : undefined;
        const image = digest === undefined ? null : await blobs.read(digest);
        if (image !== null) return toDetails(image, known);
      }
    }
    const prefix = ID.exec(reference)?.[1];
    if (prefix === undefined) return null;
    const found = (await images(known)).filter(({ manifest }) =>
      manifest.config.digest.startsWith(`sha256:${prefix}`),
    );
    const [first] = found;
    if (first === undefined) return null;
    if (found.some(({ manifest }) => manifest.config.digest !== first.manifest.config.digest)) {
      throw new EngineError('BAD_REQUEST', `find image ${reference}: more than one id begins so`);
    }
    return toDetails(first, known);
  }

  async function stored(reference: string): Promise<StoredImage> {
    const found = await find(reference);
    const image = found === null ? null : await blobs.read(found.digest);
    if (image !== null) return image;
    throw new EngineError('IMAGE_NOT_FOUND', `find image ${reference}: it is not in the store`, {
      hint: `pull it: tsctr image pull ${reference}`,
    });
  }

  return {
    find,
    stored,
    async checkpointArchive(reference) {
      const { manifest } = await stored(reference);
      const [layer, ...others] = manifest.layers;
      if (!isCheckpointImage(manifest.annotations) || layer === undefined || others.length > 0) {
        throw new EngineError(
          'BAD_REQUEST',
          `restore from image ${reference}: it is not the image of a checkpoint`,
        );
      }
      return paths.blob(layer.digest);
    },
    async originOf(reference) {
      const { digest } = await stored(reference);
      return (await index.read()).origins?.[digest] ?? null;
    },
    async list() {
      const known = await index.read();
      return (await images(known))
        .map((image) => toDetails(image, known))
        .sort((a, b) => ((a.names[0] ?? '~') < (b.names[0] ?? '~') ? -1 : 1));
    },
    async details(digest) {
      const image = await blobs.read(digest);
      if (image === null)
        throw new EngineError('IMAGE_NOT_FOUND', `find image ${digest}: it is not in the store`);
      return toDetails(image, await index.read());
    },
    async isUnpacked(digest) {
      const image = await blobs.read(digest);
      if (image === null) return false;
      if (isCheckpointImage(image.manifest.annotations)) {
        return (await blobs.missing(image)).length === 0;
      }
      const found = await Promise.all(image.facts.diffIds.map((diffId) => layers.find(diffId)));
      return found.every((layer) => layer !== null);
    },
    async layerPaths(imageId) {
      const { facts, manifest } = await byId(imageId);
      if (isCheckpointImage(manifest.annotations)) {
        throw new EngineError('IMAGE_INVALID', `use image ${imageId}: it is a checkpoint`, {
          hint: 'name the image that its container was made from, and restore from this one',
        });
      }
      return topmostOnly(facts.diffIds).map((diffId) => paths.layer(diffId).diff);
    },
    async config(imageId) {
      const known = configs.get(imageId);
      if (known !== undefined) return known;
      const { config } = (await byId(imageId)).facts;
      configs.set(imageId, config);
      return config;
    },
    async rootStatus(imageId) {
      const { facts } = await byId(imageId);
      const found = await Promise.all(facts.diffIds.map((diffId) => layers.find(diffId)));
      return found.findLast((layer) => layer?.root != null)?.root ?? null;
    },
  };
}

/**
 * overlayfs refuses the same directory twice. Of a layer that an image has more than once (an empty one, mostly) the topmost
 * counts: whatever the others say, it says again.
 */
function topmostOnly(diffIds: readonly string[]): string[] {
  return diffIds.filter((diffId, i) => diffIds.lastIndexOf(diffId) === i);
}

function toDetails({ digest, manifest, facts }: StoredImage, known: ImageIndex): ImageDetails {
  return {
    names: Object.entries(known.names)
      .filter(([, leadsTo]) => leadsTo === digest)
      .map(([name]) => name)
      .sort(),
    id: manifest.config.digest,
    digest,
    createdAt: facts.created,
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
    layers: manifest.layers.length,
    architecture: facts.architecture,
    os: facts.os,
  };
}
