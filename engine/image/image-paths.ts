import path from 'node:path';

/** Where the parts of an image store lie below its directory, `<root>/images`. */
export interface ImagePaths {
  readonly directory: string;
  /** Shared by all images: what skopeo calls a shared blob directory, `blobs/sha256/<hex>`. */
  readonly blobs: string;
  /** Which names lead to which manifests. */
  readonly index: string;
  /** `layers/<hex of the diff id>`: unpacked, complete. */
  readonly layers: string;
  /** Unfinished work; emptied when nothing is at work. */
  readonly temporary: string;
  /** A signature policy of ours, for a host without one. */
  readonly policy: string;
  blob(digest: string): string;
  layer(diffId: string): LayerPaths;
}

export interface LayerPaths {
  readonly directory: string;
  /** What overlayfs gets. */
  readonly diff: string;
  /** What was found out when it was unpacked. */
  readonly record: string;
}

export function createImagePaths(directory: string): ImagePaths {
  const layers = path.join(directory, 'layers');
  return {
    directory,
    blobs: path.join(directory, 'blobs'),
    index: path.join(directory, 'index.json'),
    layers,
    temporary: path.join(directory, 'tmp'),
    policy: path.join(directory, 'policy.json'),
    blob: (digest) => path.join(directory, 'blobs', 'sha256', hexOf(digest)),
    layer: (diffId) => layerPaths(path.join(layers, hexOf(diffId))),
  };
}

/** Also of a layer that is still being unpacked elsewhere. */
export function layerPaths(directory: string): LayerPaths {
  return { directory, diff: path.join(directory, 'diff'), record: path.join(directory, 'layer.json') };
}

/** Digests become file names: nothing but 64 hexadecimal digits may get there. */
function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new TypeError(`not a sha256 digest: ${JSON.stringify(digest)}`);
  return hex;
}

export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}
