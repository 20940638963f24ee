import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Programs } from './run-program.ts';

export interface LayeredImageOptions {
  layers: number;
  /** In files of all layers together, before compression. */
  bytes: number;
}

/** An OCI layout on disk. */
export interface LayeredImage {
  layout: string;
  tag: string;
  /** The compressed layers, lowest first. */
  layerFiles: readonly string[];
  /** In all layers together. */
  fileCount: number;
}

const FILES_PER_LAYER = 400;

/** Writes an image of layers with files of many sizes, half of whose bytes can be compressed away. The same each time. */
export async function writeLayeredImage(
  programs: Programs,
  directory: string,
  { layers, bytes }: LayeredImageOptions,
): Promise<LayeredImage> {
  const layout = path.join(directory, 'layout');
  const blobs = path.join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const addBlob = async (mediaType: string, data: Buffer) => {
    const digest = createHash('sha256').update(data).digest('hex');
    await writeFile(path.join(blobs, digest), data);
    return { mediaType, digest: `sha256:${digest}`, size: data.length };
  };
  const descriptors = [];
  const diffIds: string[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const archive = await archiveLayer(programs, directory, { layer, bytes: bytes / layers });
    diffIds.push(`sha256:${createHash('sha256').update(archive).digest('hex')}`);
    descriptors.push(
      await addBlob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(archive, { level: 6 })),
    );
  }
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const config = await addBlob(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Cmd: ['/bin/true'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await addBlob(
    mediaType,
    json({ schemaVersion: 2, mediaType, config, layers: descriptors }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  await writeFile(
    path.join(layout, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  await writeFile(path.join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  return {
    layout,
    tag: 'latest',
    layerFiles: descriptors.map(({ digest }) => path.join(blobs, digest.slice('sha256:'.length))),
    fileCount: layers * FILES_PER_LAYER,
  };
}

/** One layer as an uncompressed tar archive. */
async function archiveLayer(
  programs: Programs,
  directory: string,
  { layer, bytes }: { layer: number; bytes: number },
): Promise<Buffer> {
  const tree = path.join(directory, 'tree');
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, layer + 1), Buffer.alloc(16));
  // Sizes grow from file to file, so that there are small ones and big ones: their mean is half of the largest.
  const step = (2 * bytes) / FILES_PER_LAYER ** 2;
  for (let i = 0; i < FILES_PER_LAYER; i += 1) {
    const parent = path.join(tree, `layer${layer}`, `d${i % 20}`);
    if (i < 20) await mkdir(parent, { recursive: true });
    const data = Buffer.alloc(Math.round(step * i), 'all work and no play ');
    for (let at = 0; at < data.length; at += 4096) {
      noise.update(Buffer.alloc(Math.min(2048, data.length - at))).copy(data, at);
    }
    await writeFile(path.join(parent, `file${i}`), data);
  }
  const archive = path.join(directory, 'layer.tar');
  await programs.run('tar', [
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '-C',
    tree,
    '-cf',
    archive,
    '.',
  ]);
  const read = await readFile(archive);
  await rm(tree, { recursive: true });
  await rm(archive);
  return read;
}
