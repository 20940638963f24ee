import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import type { LayerLimits } from './layer-limits.ts';
import { LayerRefusal } from './layer-refusal.ts';
import { LayerWriter } from './layer-writer.ts';
import type { RootStatus } from './layer-writer.ts';
import { readUncompressed } from './read-compressed.ts';
import { TarReader } from './tar-reader.ts';

/** What a worker thread is asked; plain data. */
export interface UnpackRequest {
  /** Path of the archive. */
  blob: string;
  /** `sha256:…` of the uncompressed archive, from the image configuration. */
  diffId: string;
  /** An existing, empty directory; `diff` is made in it, and `trash`, for what entries replaced. */
  directory: string;
  limits: LayerLimits;
  privileged: boolean;
}

export interface UnpackedLayer {
  /** Bytes of all files. */
  bytes: number;
  entries: number;
  /** What the layer says of its root directory, null when it says nothing. */
  root: RootStatus | null;
}

export interface UnpackControl {
  /** Asked between chunks; true ends it with ABORTED. */
  isCancelled: () => boolean;
  /** Bytes of the uncompressed archive, from time to time. */
  onProgress: (bytes: number) => void;
}

/** Unpacks one layer and verifies that the archive is the one that the image means. Blocks: for worker threads. */
export async function unpackLayer(
  kernel: Kernel,
  request: UnpackRequest,
  control: UnpackControl,
): Promise<UnpackedLayer> {
  const operation = `unpack layer ${request.diffId}`;
  const root = makeDirectory(path.join(request.directory, 'diff'), 0o755);
  const trash = makeDirectory(path.join(request.directory, 'trash'), 0o700);
  const { limits, privileged } = request;
  const writer = new LayerWriter({ kernel, root, trash, limits, privileged });
  try {
    await feed(request, new TarReader(writer, limits), control);
    return writer.finish();
  } catch (error) {
    if (!(error instanceof LayerRefusal)) throw error;
    throw new EngineError('LAYER_REFUSED', `${operation}: ${error.message}`, { cause: error });
  } finally {
    writer.close();
    closeSync(root);
    closeSync(trash);
  }
}

async function feed(request: UnpackRequest, reader: TarReader, control: UnpackControl): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readUncompressed(request.blob)) {
    if (control.isCancelled()) throw new EngineError('ABORTED', `unpack layer ${request.diffId}: given up`);
    bytes += chunk.length;
    if (bytes > request.limits.maxBytes) {
      throw new LayerRefusal(
        null,
        `the uncompressed archive is larger than ${String(request.limits.maxBytes)} bytes`,
      );
    }
    hash.update(chunk);
    reader.write(chunk);
    control.onProgress(bytes);
  }
  reader.end();
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== request.diffId) {
    throw new EngineError(
      'IMAGE_INVALID',
      `unpack layer ${request.diffId}: the content is another one, ${found}; remove the image and pull it again`,
    );
  }
}

function makeDirectory(directory: string, mode: number): number {
  mkdirSync(directory, { mode });
  return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}
