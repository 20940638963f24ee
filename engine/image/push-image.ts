import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { StoredImage } from './blob-store.ts';
import { explainSkopeo } from './explain-skopeo.ts';
import type { FetchImageOptions } from './fetch-image.ts';
import { destinationOptions, globalOptions, skopeoEnvironment } from './registry-options.ts';

export interface PushRequest {
  image: StoredImage;
  /** As skopeo takes it: `docker://…`, `oci-archive:…`. */
  destination: string;
  /** Host of the registry, null for files. */
  registryHost: string | null;
  /** What the user called it, for messages. */
  name: string;
  signal: AbortSignal | undefined;
}

/** Copies an image of the store to a registry or into a file, by `skopeo copy`. Blobs that are there already are not sent again. */
export async function pushImage(options: FetchImageOptions, request: PushRequest): Promise<void> {
  const { kernel, paths, registry, runCommand, skopeoPath, timeoutMs } = options;
  const operation = `push ${request.name}`;
  if (skopeoPath === null) {
    throw new EngineError('TOOL_MISSING', `${operation}: skopeo is not installed`, {
      hint: 'apt-get install skopeo',
    });
  }
  const work = path.join(paths.temporary, `push-${randomBytes(8).toString('hex')}`);
  await mkdir(path.join(work, 'layout'), { recursive: true, mode: 0o700 });
  try {
    await writeLayout(path.join(work, 'layout'), {
      mediaType: request.image.manifest.mediaType,
      digest: request.image.digest,
      size: (await stat(paths.blob(request.image.digest))).size,
    });
    const args = [
      ...(await globalOptions(registry, paths.policy)),
      'copy',
      ...destinationOptions(registry, request.registryHost),
      '--src-shared-blob-dir',
      paths.blobs,
      '--retry-times',
      request.registryHost === null ? '0' : '1',
      // Relative, as a colon in our own path would end it.
      'oci:layout:image',
      request.destination,
    ];
    const { signal } = request;
    const env = skopeoEnvironment(work);
    const result = await runCommand({
      file: skopeoPath,
      args,
      env,
      cwd: work,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.exitCode !== 0) {
      throw explainSkopeo(operation, result.stderr, `ended with ${String(result.exitCode ?? result.signal)}`);
    }
  } finally {
    await kernel.removeTree(work);
  }
}

async function writeLayout(
  directory: string,
  manifest: { mediaType: string; digest: string; size: number },
): Promise<void> {
  const annotations = { 'org.opencontainers.image.ref.name': 'image' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(path.join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(path.join(directory, 'index.json'), JSON.stringify(index));
}
