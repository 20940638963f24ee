import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import type { RunCommand } from '../process/run-command.ts';
import { explainSkopeo } from './explain-skopeo.ts';
import { isDigest } from './image-paths.ts';
import type { ImagePaths } from './image-paths.ts';
import { globalOptions, skopeoEnvironment, sourceOptions } from './registry-options.ts';
import type { RegistryOptions } from './registry-options.ts';

export interface FetchImageOptions {
  kernel: Kernel;
  paths: ImagePaths;
  runCommand: RunCommand;
  skopeoPath: string | null;
  registry: RegistryOptions;
  /** For the whole copy. */
  timeoutMs: number;
}

export interface FetchRequest {
  /** As skopeo takes it: `docker://…`, `oci-archive:…`. */
  source: string;
  /** Host of the registry, null for files. */
  registryHost: string | null;
  /** What the user called it, for messages. */
  name: string;
  signal: AbortSignal;
  onProgress: (progress: { bytes: number; blobs: number }) => void;
}

const PROGRESS_INTERVAL_MS = 500;
const MAX_INDEX_BYTES = 1 << 20;

/**
 * Brings the blobs of an image into the store by `skopeo copy`, those that are there already excepted, and returns the digest
 * of its manifest. Of a multi-platform image it takes the one of this host.
 */
export async function fetchImage(options: FetchImageOptions, request: FetchRequest): Promise<string> {
  const { kernel, paths, skopeoPath } = options;
  if (skopeoPath === null) {
    throw new EngineError('TOOL_MISSING', `fetch ${request.name}: skopeo is not installed`, {
      hint: 'apt-get install skopeo',
    });
  }
  const work = path.join(paths.temporary, `fetch-${randomBytes(8).toString('hex')}`);
  await mkdir(work, { mode: 0o700 });
  const stopWatching = watchFetch(work, request.onProgress);
  try {
    await copy(options, request, skopeoPath, work, (chunk) => {
      stopWatching.count(chunk);
    });
    return await manifestDigest(path.join(work, 'layout', 'index.json'), request.name);
  } finally {
    stopWatching();
    await kernel.removeTree(work);
  }
}

async function copy(
  options: FetchImageOptions,
  request: FetchRequest,
  skopeoPath: string,
  work: string,
  onStdout: (chunk: Buffer) => void,
): Promise<void> {
  const { paths, registry, runCommand, timeoutMs } = options;
  const args = [
    ...(await globalOptions(registry, paths.policy)),
    'copy',
    ...sourceOptions(registry, request.registryHost),
    // An OCI layout has no place for signatures; the policy has been asked before.
    '--remove-signatures',
    '--dest-shared-blob-dir',
    paths.blobs,
    // Compressing what we unpack next would cost more than the disk.
    '--dest-oci-accept-uncompressed-layers',
    '--retry-times',
    request.registryHost === null ? '0' : '1',
    request.source,
    // Relative, as a colon in our own path would end it.
    'oci:layout:image',
  ];
  const { signal } = request;
  const env = skopeoEnvironment(work);
  const result = await runCommand({ file: skopeoPath, args, env, cwd: work, signal, timeoutMs, onStdout });
  if (result.exitCode === 0) return;
  const exit =
    result.exitCode === null
      ? `was killed by signal ${String(result.signal)}`
      : `ended with ${String(result.exitCode)}`;
  throw explainSkopeo(`fetch ${request.name}`, result.stderr, exit);
}

async function manifestDigest(indexFile: string, name: string): Promise<string> {
  const { size } = await stat(indexFile);
  const index = size <= MAX_INDEX_BYTES ? (JSON.parse(await readFile(indexFile, 'utf8')) as unknown) : null;
  const digest = (index as { manifests?: { digest?: unknown }[] } | null)?.manifests?.[0]?.digest;
  if (isDigest(digest)) return digest;
  throw new EngineError('IMAGE_INVALID', `fetch ${name}: skopeo left no manifest in its index`);
}

/** skopeo tells nobody how far it is: the files that it writes do. */
function watchFetch(
  work: string,
  onProgress: FetchRequest['onProgress'],
): (() => void) & { count: (chunk: Buffer) => void } {
  let blobs = 0;
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void bytesBelow(path.join(work, 'layout'))
      .then((bytes) => {
        onProgress({ bytes, blobs });
      })
      .finally(() => {
        busy = false;
      });
  }, PROGRESS_INTERVAL_MS);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
  };
  return Object.assign(stop, {
    count: (chunk: Buffer) => {
      blobs += chunk.toString('latin1').split('Copying blob').length - 1;
    },
  });
}

async function bytesBelow(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const status = await stat(path.join(directory, name)).catch(() => null);
      return status?.isFile() === true ? status.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
