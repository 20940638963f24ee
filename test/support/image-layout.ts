import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface LayoutOptions {
  /** `org.opencontainers.image.ref.name`. */
  name?: string;
  config?: object;
  /** Diff ids in place of the true ones. */
  diffIds?: readonly string[];
}

export interface LayoutLayer {
  /** Uncompressed. */
  archive: Buffer;
  /** As it is stored; default: the archive itself. */
  blob?: Buffer;
}

/** Writes an OCI image layout with one image. Returns the digest of its manifest. */
export function writeImageLayout(
  directory: string,
  layers: readonly LayoutLayer[],
  options: LayoutOptions = {},
): string {
  const blobs = path.join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, data: Buffer) => {
    const digest = sha256(data);
    writeFileSync(path.join(blobs, digest.slice('sha256:'.length)), data);
    return { mediaType, digest, size: data.length };
  };
  const config = put(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
      os: 'linux',
      config: options.config ?? {},
      rootfs: { type: 'layers', diff_ids: options.diffIds ?? layers.map(({ archive }) => sha256(archive)) },
    }),
  );
  const manifest = put(
    'application/vnd.oci.image.manifest.v1+json',
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: layers.map(({ archive, blob = archive }) => put(layerType(blob), blob)),
    }),
  );
  const annotations = options.name === undefined ? {} : { 'org.opencontainers.image.ref.name': options.name };
  writeFileSync(
    path.join(directory, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  writeFileSync(path.join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  return manifest.digest;
}

function layerType(blob: Buffer): string {
  const type = 'application/vnd.oci.image.layer.v1.tar';
  if (blob[0] === 0x1f && blob[1] === 0x8b) return `${type}+gzip`;
  return blob.readUInt32LE(0) === 0xfd2fb528 ? `${type}+zstd` : type;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function sha256(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
