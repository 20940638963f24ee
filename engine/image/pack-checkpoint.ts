import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import { readDocuments } from '../checkpoint/inspect/checkpoint-documents.ts';
import { openCheckpoint } from '../checkpoint/inspect/inspect-checkpoint.ts';
import { syncPath } from '../checkpoint/dump/sync-tree.ts';
import { writeDurably } from '../store/durable-file.ts';
import { checkpointAnnotations } from './checkpoint-annotations.ts';
import type { CheckpointImageFacts } from './checkpoint-annotations.ts';
import { withImage } from './image-index.ts';
import type { ImageIndexFile } from './image-index.ts';
import type { Descriptor } from './image-manifest.ts';
import type { ImagePaths } from './image-paths.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

export interface PackCheckpointParts {
  kernel: Kernel;
  paths: ImagePaths;
  index: ImageIndexFile;
}

/**
 * Makes an image of one layer, which is a checkpoint archive, as podman does; the name leads to it when it is complete. `write`
 * makes the archive, not compressed, in the file that it is given. Returns the digest of the manifest.
 */
export async function packCheckpoint(
  parts: PackCheckpointParts,
  name: string,
  write: (file: string) => Promise<void>,
): Promise<string> {
  const { paths, index } = parts;
  const file = path.join(paths.temporary, `checkpoint-${randomBytes(8).toString('hex')}.tar`);
  try {
    await write(file);
    const facts = await describe(parts, file);
    const layer = await addFile(paths, file);
    const config = await addJson(paths, CONFIG_TYPE, imageConfig(facts, layer.digest));
    const manifest = await addJson(paths, MANIFEST_TYPE, {
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config,
      layers: [layer],
      annotations: checkpointAnnotations(facts),
    });
    await syncPath(path.join(paths.blobs, 'sha256'));
    await index.update((known) => withImage(known, manifest.digest, name));
    return manifest.digest;
  } finally {
    await rm(file, { force: true });
  }
}

/** From what stands in the archive: it may have been made on another host. */
async function describe(parts: PackCheckpointParts, file: string): Promise<CheckpointImageFacts> {
  const { config, environment } = await readDocuments(await openCheckpoint(parts.kernel, file));
  const rootfsImage =
    config?.rootfsImageID == null
      ? null
      : { reference: config.rootfsImageName ?? '', id: config.rootfsImageID };
  const architecture = environment?.architecture ?? process.arch;
  return {
    container: environment?.container.name ?? config?.name ?? 'unknown',
    image: environment === null ? rootfsImage : environment.image,
    runtime: {
      name: environment?.runtime.name ?? config?.runtime ?? 'runc',
      version: environment?.runtime.version ?? null,
    },
    criu: environment?.criu ?? null,
    kernel: environment?.kernel ?? null,
    architecture: GO_NAMES[architecture] ?? architecture,
    cgroups: environment?.cgroups ?? null,
  };
}

const GO_NAMES: Readonly<Record<string, string>> = { x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64' };

function imageConfig({ architecture }: CheckpointImageFacts, diffId: string): object {
  const created = new Date().toISOString();
  return {
    created,
    architecture,
    os: 'linux',
    config: { WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: 'tsctr checkpoint' }],
  };
}

async function addFile(paths: ImagePaths, file: string): Promise<Descriptor> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest('hex')}`;
  const { size } = await stat(file);
  await rename(file, paths.blob(digest));
  return { mediaType: LAYER_TYPE, digest, size };
}

async function addJson(paths: ImagePaths, mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  await writeDurably(paths.blob(digest), text);
  return { mediaType, digest, size: Buffer.byteLength(text) };
}
