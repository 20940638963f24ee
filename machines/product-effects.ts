import type { ArchivePlace, Engine, ExportResult } from '../engine/index.ts';
import type {
  ExportStep,
  PushImageStep,
  RecordEditor,
  RemoveCheckpointStep,
  RemoveProductStep,
  RunOptions,
} from '../reconciler/index.ts';
import { keptCheckpointsOf, withKept, type CheckpointProduct } from '../schemas/index.ts';

/** What the effects work with. */
export interface ProductEffectDeps {
  engine: Pick<Engine, 'containers' | 'images'>;
  records: RecordEditor;
}

/** Writes a kept checkpoint as a file, which is it, or is the layer of an image. `write` does so with the container's machine. */
export async function makeProduct(
  { engine }: ProductEffectDeps,
  { archive, image }: ExportStep,
  write: (place: ArchivePlace) => Promise<ExportResult>,
): Promise<CheckpointProduct> {
  if (image === null) {
    const { file, ...rest } = archive;
    if (file === null) throw new Error('export: an archive needs a file');
    const { bytes, uncompressedBytes, durationMs } = await write({ file, ...rest });
    return { kind: 'archive', path: file, bytes, uncompressedBytes, durationMs };
  }
  const begun = performance.now();
  const { digest, size } = await engine.images.packCheckpoint(image, async (file) => {
    await write({ ...archive, file });
  });
  const durationMs = Math.round(performance.now() - begun);
  return { kind: 'image', name: image, digest, bytes: size, durationMs };
}

/**
 * Removes one kept checkpoint. The record last: as long as it tells of it, a crash leaves nothing behind that nobody knows of. Nothing
 * to remove is no error.
 */
export async function removeCheckpoint(
  { engine, records }: ProductEffectDeps,
  { container, checkpoint }: RemoveCheckpointStep,
): Promise<void> {
  const request = records.containers.get(container)?.request ?? null;
  if (request === null) return;
  await engine.containers.removeCheckpoint(request, checkpoint);
  await records.containers.edit(container, (present) => ({
    ...present,
    ...withKept(keptCheckpointsOf(present).filter(({ id }) => id !== checkpoint)),
  }));
}

/** Removes what a checkpoint has become; what somebody else has put in its place stays. */
export async function removeProduct(
  { engine }: ProductEffectDeps,
  { product }: RemoveProductStep,
): Promise<void> {
  if (product.kind === 'archive') {
    await engine.containers.removeArchive(product.path, product.bytes);
    return;
  }
  const present = await engine.images.find(product.name);
  // No container is ever made from the image of a checkpoint.
  if (present?.digest === product.digest) await engine.images.remove(product.name, new Set());
}

export function pushImage(
  { engine }: ProductEffectDeps,
  { image, destination }: PushImageStep,
  { signal }: RunOptions,
): Promise<{ destination: string; digest: string }> {
  return engine.images.push(image, destination, signal === undefined ? {} : { signal });
}
