import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { EngineError } from '../engine-error.ts';
import { hasErrno } from '../../native/index.ts';
import { parseFacts, parseManifest } from './image-manifest.ts';
import type { Descriptor, ImageFacts, ImageManifest } from './image-manifest.ts';
import type { ImagePaths } from './image-paths.ts';

/** An image as its blobs describe it. */
export interface StoredImage {
  /** Digest of the manifest. */
  digest: string;
  manifest: ImageManifest;
  facts: ImageFacts;
}

export interface BlobStore {
  /** Reads manifest and configuration and verifies their digests; null when one is missing or damaged. */
  read(digest: string): Promise<StoredImage | null>;
  /** The blobs of an image that are missing or, by their size, damaged. */
  missing(image: StoredImage): Promise<Descriptor[]>;
  remove(digest: string): Promise<void>;
  /** Removes all blobs but `keep`; returns the bytes freed. */
  removeAllBut(keep: ReadonlySet<string>): Promise<number>;
}

/** Manifests and configurations larger than this are not read. */
const MAX_JSON_BYTES = 8 * 2 ** 20;

export function createBlobStore(paths: ImagePaths): BlobStore {
  // What a digest stands for never changes.
  const known = new Map<string, StoredImage>();

  async function readVerified(digest: string): Promise<Buffer | null> {
    const file = paths.blob(digest);
    const size = await sizeOf(file);
    if (size === null) return null;
    if (size > MAX_JSON_BYTES) {
      throw new EngineError(
        'IMAGE_INVALID',
        `read ${digest}: it is ${String(size)} bytes long, expected at most 8 MiB`,
      );
    }
    const bytes = await readFile(file);
    return `sha256:${createHash('sha256').update(bytes).digest('hex')}` === digest ? bytes : null;
  }

  async function read(digest: string): Promise<StoredImage | null> {
    const cached = known.get(digest);
    if (cached !== undefined) return cached;
    const manifestBytes = await readVerified(digest);
    if (manifestBytes === null) return null;
    const manifest = parseManifest(manifestBytes, digest);
    const configBytes = await readVerified(manifest.config.digest);
    if (configBytes === null) return null;
    const facts = parseFacts(configBytes, manifest.config.digest);
    if (facts.diffIds.length !== manifest.layers.length) {
      throw new EngineError(
        'IMAGE_INVALID',
        `read image ${digest}: it has ${String(manifest.layers.length)} layers, but its configuration names ${String(facts.diffIds.length)}`,
      );
    }
    const image = { digest, manifest, facts };
    known.set(digest, image);
    return image;
  }

  return {
    read,
    async missing({ manifest }) {
      const sizes = await Promise.all(manifest.layers.map(({ digest }) => sizeOf(paths.blob(digest))));
      return manifest.layers.filter((layer, i) => sizes[i] !== layer.size);
    },
    async remove(digest) {
      known.delete(digest);
      await rm(paths.blob(digest), { force: true });
    },
    async removeAllBut(keep) {
      known.clear();
      let freedBytes = 0;
      for (const hex of await readdir(`${paths.blobs}/sha256`)) {
        if (keep.has(`sha256:${hex}`)) continue;
        const file = `${paths.blobs}/sha256/${hex}`;
        freedBytes += (await sizeOf(file)) ?? 0;
        await rm(file, { force: true });
      }
      return freedBytes;
    },
  };
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
