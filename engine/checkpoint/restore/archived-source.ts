import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CheckpointEnvironment } from '../../../schemas/index.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import type { RestoreOptions } from '../../contract/checkpoint-options.ts';
import { EngineError } from '../../engine-error.ts';
import { importArchive } from '../archive/import-archive.ts';
import { findArchive, judgeOrigin, NO_TRUST } from '../archive/archive-trust.ts';
import type { ArchiveOrigin } from '../archive/archive-trust.ts';
import { planVolumes, presentVolumes } from './archived-volumes.ts';
import type { VolumePlan } from './archived-volumes.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { deriveEnvironment } from './derive-environment.ts';
import { discardCheckpoint } from '../kept/discard-checkpoint.ts';
import type { GateFinding } from './restore-gate.ts';

/** An archive that was unpacked for one restore, and what is to be known of it. */
export interface ArchivedSource {
  directory: string;
  environment: CheckpointEnvironment;
  volumes: VolumePlan;
  /** For the gate. */
  findings: GateFinding[];
}

/** Where the archive of a restore is unpacked. */
export function importedCheckpoint({ paths }: Pick<ContainerContext, 'paths'>): string {
  return path.join(paths.state, 'imported');
}

/** Unpacks and reads an archive. Of the container nothing is made; `discardImported` takes it away again. */
export async function openArchivedSource(
  context: ContainerContext,
  archive: string,
  { operation, criu, options }: { operation: string; criu: string; options: RestoreOptions },
): Promise<ArchivedSource> {
  const { parts, request, paths } = context;
  if (request.spec.userns !== undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: it has a user namespace of its own, whose owners of files no archive has`,
    );
  }
  if (request.spec.rootfs !== undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: its root is a directory of the host, which an archive must not change`,
    );
  }
  const found = await findArchive(archive, parts.archiveTrust ?? NO_TRUST, operation);
  const directory = importedCheckpoint(context);
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await discardImported(context);
  const { onProgress, signal } = options;
  parts.observeEffect('checkpoint.import', 'before');
  const imported = await importArchive(parts.kernel, {
    operation,
    archive: found.file,
    target: directory,
    // Whoever may put it there is trusted, whoever has made it.
    ...(found.directory !== null && { signer: 'unasked' as const }),
    ...(onProgress !== undefined && {
      onProgress: (bytes: number) => {
        onProgress({ bytes, totalBytes: null });
      },
    }),
    ...(signal !== undefined && { signal }),
  });
  parts.observeEffect('checkpoint.import', 'after');
  const { documents, signer } = imported;
  const image = await describeImage(context, options);
  const volumes = await planVolumes(context, directory, documents);
  for (const name of volumes.unused) {
    parts.notice?.(
      request.name,
      `the archive has a volume ${name}, which the manifest mounts nowhere: left out`,
    );
  }
  const images = path.join(directory, CHECKPOINT_FILES.images);
  return {
    directory,
    environment:
      documents.environment ?? (await deriveEnvironment(images, documents, { facts: parts.facts, criu })),
    volumes,
    findings: [...(await judgeOrigin(parts, found, { signer, image })), ...presentVolumes(volumes)],
  };
}

async function describeImage(
  { parts }: ContainerContext,
  { image }: RestoreOptions,
): Promise<ArchiveOrigin['image']> {
  return image === undefined ? null : { reference: image, pulledAs: await parts.images.originOf(image) };
}

export async function discardImported(context: Pick<ContainerContext, 'parts' | 'paths'>): Promise<void> {
  const directory = importedCheckpoint(context);
  await discardCheckpoint(context.parts, `${directory}.importing`);
  await discardCheckpoint(context.parts, directory);
}
