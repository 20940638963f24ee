import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LAYER_LIMITS } from '../../engine/image/layer-limits.ts';
import { unpackLayer } from '../../engine/image/unpack-layer.ts';
import type { UnpackControl, UnpackedLayer, UnpackRequest } from '../../engine/image/unpack-layer.ts';
import { createLinuxKernel } from '../../native/index.ts';

/** Unpacks an uncompressed archive below `directory`, on this thread; the layer is then in `<directory>/layer/diff`. */
export async function unpackInPlace(
  directory: string,
  archive: Buffer,
  options: Partial<UnpackRequest> = {},
  control: Partial<UnpackControl> = {},
): Promise<UnpackedLayer> {
  const blob = path.join(directory, 'blob');
  writeFileSync(blob, archive);
  const layer = path.join(directory, 'layer');
  mkdirSync(layer);
  const diffId = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
  const limits = { ...DEFAULT_LAYER_LIMITS, maxBytes: 2 ** 40 };
  return unpackLayer(
    createLinuxKernel(),
    { blob, diffId, directory: layer, limits, privileged: false, ...options },
    { isCancelled: () => false, onProgress: () => undefined, ...control },
  );
}
