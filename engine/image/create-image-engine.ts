import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import type { ImageDetails, ImageEngine, PullOptions } from '../contract/image-engine.ts';
import { EngineError } from '../engine-error.ts';
import type { RunCommand } from '../process/run-command.ts';
import { addImage } from './add-image.ts';
import type { AddImageParts } from './add-image.ts';
import { nameInArchive } from './archive-name.ts';
import { createBlobStore } from './blob-store.ts';
import { ensureImage, findReady } from './ensure-image.ts';
import { createImageCatalog } from './image-catalog.ts';
import { createImageIndexFile } from './image-index.ts';
import { createImagePaths } from './image-paths.ts';
import type { ImagePaths } from './image-paths.ts';
import { imageFile, importedName, pushDestination, refuseMissingFile } from './image-source.ts';
import { DEFAULT_LAYER_LIMITS } from './layer-limits.ts';
import type { LayerLimits } from './layer-limits.ts';
import { createLayerStore } from './layer-store.ts';
import type { RootStatus } from './layer-writer.ts';
import { packCheckpoint } from './pack-checkpoint.ts';
import { pushImage } from './push-image.ts';
import type { RegistryOptions } from './registry-options.ts';
import { pruneImages, removeImage } from './remove-images.ts';
import { createSharedJobs } from './shared-jobs.ts';
import { createStoreGate } from './store-gate.ts';
import { createUnpackPool } from './unpack-pool.ts';

export interface ImageEngineOptions {
  kernel: Kernel;
  /** `<root>/images`. */
  directory: string;
  runCommand: RunCommand;
  /** Absolute path of skopeo; null: what is there can be used, but nothing fetched. */
  skopeoPath: string | null;
  registry?: RegistryOptions;
  limits?: Partial<LayerLimits>;
  /** Layers that are unpacked at a time. Default: 2. */
  threads?: number;
  /** For fetching one image. Default: one hour. */
  fetchTimeoutMs?: number;
}

/** The image store of one root, and what the engine needs of it beyond the contract. */
export interface ImageStoreEngine extends ImageEngine {
  /**
   * Owner and mode that the image wants for `/`. overlayfs takes them from the upper directory, which must therefore be made
   * so. Null when no layer says anything: then 0755 and root.
   */
  rootStatus(imageId: string): Promise<RootStatus | null>;
  /** Resolves when what was unpacked is on stable storage; before that a power failure costs another unpacking. */
  settled(): Promise<void>;
}

const ONE_HOUR_MS = 3_600_000;

/** The image store below `directory`. One process at a time may change it; any may read. */
export function createImageEngine(options: ImageEngineOptions): ImageStoreEngine {
  const paths = createImagePaths(options.directory);
  const { kernel, registry = {} } = options;
  const { searchRegistries } = registry;
  const blobs = createBlobStore(paths);
  const index = createImageIndexFile(paths.index);
  const layers = createLayers(options, paths);
  const catalog = createImageCatalog({ blobs, index, layers, paths, searchRegistries });
  const gate = createStoreGate();
  const jobs = createSharedJobs<ImageDetails>();
  const settling = new Set<Promise<void>>();

  /** Waiting for the disk would delay a container by a second; who wants to be sure asks `settled`. */
  const settleLater = (diffIds: readonly string[]): void => {
    const work: Promise<void> = layers
      .settle(diffIds)
      // A layer that is not settled is unpacked anew after a power failure: nothing is lost but time.
      .catch(() => undefined)
      .finally(() => settling.delete(work));
    settling.add(work);
  };
  const add: AddImageParts = {
    blobs,
    index,
    layers,
    paths,
    onUnpacked: settleLater,
    fetch: {
      kernel,
      paths,
      runCommand: options.runCommand,
      skopeoPath: options.skopeoPath,
      registry,
      timeoutMs: options.fetchTimeoutMs ?? ONE_HOUR_MS,
    },
  };
  const ensureParts = { catalog, add, searchRegistries };
  const removeParts = { blobs, catalog, index, layers, searchRegistries };

  let prepared: Promise<void> | null = null;
  const changing = (): Promise<void> =>
    (prepared ??= prepareDirectory(kernel, paths).catch((error: unknown) => {
      prepared = null;
      throw error;
    }));

  const run = (
    key: string,
    pull: PullOptions,
    work: (shared: Required<PullOptions>) => Promise<ImageDetails>,
  ) =>
    jobs.run(key, pull, (shared) =>
      gate.adding(async () => {
        await changing();
        return work(shared);
      }),
    );

  return {
    async ensure(reference, policy, pull = {}) {
      const image =
        (await findReady(ensureParts, reference, policy)) ??
        (await run(`${reference} (${policy})`, pull, (shared) =>
          ensureImage(ensureParts, reference, policy, shared),
        ));
      return { reference, id: image.id };
    },
    async import(source, wanted, pull = {}) {
      const file = imageFile(source);
      await refuseMissingFile(source);
      const found = wanted ?? (await nameInArchive(source));
      if (found === null) {
        throw new EngineError('BAD_REQUEST', `import ${source}: it carries no name of its own`, {
          hint: `give it one: tsctr image import ${source} NAME`,
        });
      }
      const name = importedName(found);
      return run(`${source} as ${name}`, pull, async (shared) =>
        catalog.details(await addImage(add, [{ ...file, name }], shared)),
      );
    },
    packCheckpoint: (wanted, write) =>
      gate.adding(async () => {
        await changing();
        const name = importedName(wanted);
        return catalog.details(await packCheckpoint({ kernel, paths, index }, name, write));
      }),
    checkpointArchive: catalog.checkpointArchive,
    originOf: catalog.originOf,
    push: (reference, destination, pull = {}) =>
      gate.adding(async () => {
        await changing();
        const image = await catalog.stored(reference);
        const place = pushDestination(destination ?? reference);
        const { signal } = pull;
        await pushImage(add.fetch, {
          image,
          name: reference,
          destination: place.skopeo,
          registryHost: place.registryHost,
          signal,
        });
        return { destination: place.skopeo, digest: image.digest };
      }),
    remove: (reference, inUse) =>
      gate.takingAway(async () => {
        await changing();
        await removeImage(removeParts, reference, inUse);
      }),
    prune: (inUse) =>
      gate.takingAway(async () => {
        await changing();
        return pruneImages(removeParts, inUse);
      }),
    find: catalog.find,
    list: catalog.list,
    layerPaths: catalog.layerPaths,
    config: catalog.config,
    rootStatus: catalog.rootStatus,
    async settled() {
      while (settling.size > 0) await Promise.all(settling);
    },
  };
}

function createLayers(options: ImageEngineOptions, paths: ImagePaths): ReturnType<typeof createLayerStore> {
  return createLayerStore({
    kernel: options.kernel,
    paths,
    pool: createUnpackPool(options.threads ?? 2),
    limits: { ...DEFAULT_LAYER_LIMITS, ...options.limits },
    privileged: process.geteuid?.() === 0,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    syncFileSystem: async (file) => {
      await options.runCommand({ file: '/bin/sync', args: ['--file-system', file] });
    },
  });
}

/** Makes the directories, and removes what a crash has left unfinished. */
async function prepareDirectory(kernel: Kernel, paths: ImagePaths): Promise<void> {
  // Layers hold set-user-id programs and devices: nobody but root may get in.
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  for (const directory of [path.join(paths.blobs, 'sha256'), paths.layers, paths.temporary]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  for (const name of await readdir(paths.temporary)) {
    await kernel.removeTree(path.join(paths.temporary, name));
  }
}
