import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseBytes } from '../../../schemas/index.ts';
import type { CheckpointEnvironment, ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import { listChanges, NOT_ITS_OWN } from '../../container/container-changes.ts';
import { createContext, usesHostNetwork } from '../../container/container-context.ts';
import type { ContainerContext, EngineParts } from '../../container/container-context.ts';
import type { ExportOptions, ExportResult } from '../../contract/checkpoint-archive.ts';
import type { CheckpointDetails } from '../../contract/checkpoint-details.ts';
import { EngineError } from '../../engine-error.ts';
import { DEFAULT_SHM_SIZE } from '../../container/stages/shared-memory.ts';
import { stopSignalNumber } from '../../spec/stop-signal.ts';
import type { ArchivedContainer } from './archived-container.ts';
import { removeTemporaries } from './archive-output.ts';
import { signDigest } from './archive-signature.ts';
import { exportArchive } from './export-archive.ts';
import type { ExportRequest } from './export-archive.ts';
import { ensureSigningKey } from './signing-key.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { findKept } from '../kept/kept-checkpoints.ts';
import { namedVolumesOf } from '../named-volumes.ts';
import { requireExportable } from './require-exportable.ts';
import { requirePlace } from './require-place.ts';
import { emptyDirsOnDisk } from '../saved-files.ts';

/** Writes the kept checkpoint as one file. It is there when it is complete, or not at all. */
export async function exportCheckpoint(
  parts: EngineParts,
  request: ContainerRequest,
  options: ExportOptions,
): Promise<ExportResult> {
  const operation = `export container/${request.name}`;
  const startedAt = performance.now();
  const context = createContext(parts, request);
  const { checkpoints, log } = context.paths;
  const kept = await findKept(context.paths, options.checkpoint);
  if (kept === null) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: a complete checkpoint cannot be found in ${checkpoints}`,
    );
  }
  const { directory: checkpoint, leftRunning } = kept;
  requireExportable(context, options, operation);
  await requirePlace(options.file, operation);
  await removeTemporaries(options.file);
  const held = options.leaveOut.includes('volumes') ? {} : await holdVolumes(context, kept);
  try {
    const key = await ensureSigningKey(parts.paths.root);
    parts.observeEffect('checkpoint.export', 'before');
    const exported = await exportArchive(parts.kernel, {
      operation,
      checkpoint,
      file: options.file,
      compression: options.compression,
      container: await describeContainer(context, Object.keys(held)),
      ...(await readSurroundings(checkpoint, operation)),
      networkStatus: null,
      log: existsSync(log) ? log : null,
      rootfs: options.leaveOut.includes('rootfs') ? null : await changedFiles(context, kept),
      volumes: held,
      emptyDirs: options.leaveOut.includes('volumes') || kept.repeatable ? {} : emptyDirsOnDisk(context),
      signer: { sign: (digest) => signDigest(key, digest) },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onProgress: (bytes, totalBytes) => options.onProgress?.({ bytes, totalBytes }),
    });
    parts.observeEffect('checkpoint.export', 'after');
    return { ...exported, durationMs: Math.round(performance.now() - startedAt) };
  } finally {
    if (!leftRunning) await releaseVolumes(context, Object.keys(held));
  }
}

async function readSurroundings(
  checkpoint: string,
  operation: string,
): Promise<{ spec: OciSpec; environment: CheckpointEnvironment }> {
  const read = async <T>(name: string): Promise<T> =>
    JSON.parse(await readFile(path.join(checkpoint, name), 'utf8')) as T;
  try {
    return {
      spec: await read<OciSpec>(CHECKPOINT_FILES.spec),
      environment: await read<CheckpointEnvironment>(CHECKPOINT_FILES.environment),
    };
  } catch (error) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: the checkpoint does not say what it was made from; a newer one will`,
      { cause: error },
    );
  }
}

async function describeContainer(
  { parts, request }: ContainerContext,
  archivedVolumes: readonly string[],
): Promise<ArchivedContainer> {
  const { spec, image } = request;
  const imageConfig = image === null ? null : await parts.images.config(image.id);
  return {
    id: request.id,
    name: request.name,
    image,
    runtime: parts.facts.runtime.name,
    createdAt: request.createdAt,
    networks: usesHostNetwork(request) ? null : {},
    ports: (spec.ports ?? []).flatMap(({ hostIP = '', hostPort, containerPort, protocol }) =>
      hostPort === undefined ? [] : [{ hostIP, hostPort, containerPort, protocol }],
    ),
    stopSignal: stopSignalNumber({ request, imageConfig }),
    stopTimeoutSeconds: Math.round(spec.terminationGracePeriodSeconds),
    shmBytes: Number(parseBytes(spec.shmSize ?? DEFAULT_SHM_SIZE)),
    volumes: namedVolumesOf(request)
      .filter(({ claim, isPart }) => !isPart && archivedVolumes.includes(claim))
      .map(({ claim, destination, readOnly }) => ({
        name: claim,
        destination,
        options: [readOnly ? 'ro' : 'rw', 'rprivate', 'nosuid', 'nodev', 'rbind'],
      })),
  };
}

/** What the container has changed: as it was at the checkpoint, which is what it is still where the container ended with it. */
async function changedFiles(
  { parts, request, paths }: ContainerContext,
  kept: CheckpointDetails,
): Promise<ExportRequest['rootfs']> {
  if (request.image === null) return null;
  const directory = kept.repeatable ? path.join(kept.directory, CHECKPOINT_FILES.upper) : paths.upper;
  const lowers = (await parts.images.layerPaths(request.image.id)).reverse();
  const changes = await listChanges(parts.kernel, { upper: directory, lowers, ignored: NOT_ITS_OWN });
  return { directory, changes };
}

/** Where the data of each volume are: what was saved while the processes stood still, or the volume itself where they ended. */
async function holdVolumes(
  { parts, request }: ContainerContext,
  { directory, leftRunning }: CheckpointDetails,
): Promise<Record<string, string>> {
  const places: Record<string, string> = {};
  for (const name of new Set(namedVolumesOf(request).map(({ claim }) => claim))) {
    if (leftRunning) {
      const saved = path.join(directory, CHECKPOINT_FILES.volumes, `${name}.tar`);
      if (existsSync(saved)) places[name] = saved;
      continue;
    }
    await parts.volumes.locked(name, async () => {
      const volume = await parts.volumes.find(name);
      if (volume !== null) places[name] = await parts.volumes.hold(volume, request.id);
    });
  }
  return places;
}

async function releaseVolumes({ parts, request }: ContainerContext, names: readonly string[]): Promise<void> {
  for (const name of names) await parts.volumes.locked(name, () => parts.volumes.letGo(name, request.id));
}
