import type { CheckpointAllowances, PlannedArchive, RetentionPolicy } from '../../engine/index.ts';
import {
  parseBytes,
  parseDuration,
  type CheckpointSettings,
  type ContainerRecord,
  type ContainerRequest,
  type ContainerSpec,
  type DeclaredName,
  type KeptCheckpoint,
} from '../../schemas/index.ts';
import type { CheckpointStep, ExportStep } from '../plan/step.ts';

/** A checkpoint that was asked for once: by command, or by a manifest of kind Checkpoint. */
export interface CheckpointWish {
  then: 'stop' | 'leave-running';
  /** In place of those of the manifest. */
  allowances: CheckpointAllowances;
  /** For the whole of it; null: as the manifest says. */
  timeoutMs: number | null;
  /** It stays until somebody removes it. */
  pin?: boolean;
  /** In place of the manifest's. */
  preDumps?: number;
  /** In place of the manifest's. */
  retryWith?: NonNullable<CheckpointSettings['retryWith']>;
  /** In place of the manifest's. */
  retention?: RetentionPolicy;
  by: 'hand' | 'shutdown' | 'declared';
  declared?: DeclaredName;
  /** Written as one file afterwards, or with `image` into the store of images. Default: not. */
  archive?: PlannedArchive;
  /** Name of the image that the archive becomes the layer of. */
  image?: string;
}

/** The step for a checkpoint: what the manifest allows, and on top of it what was asked for. */
export function checkpointStep(
  { request, record }: { request: ContainerRequest; record: Pick<ContainerRecord, 'lastCheckpointId'> },
  spec: ContainerSpec,
  how: { then: CheckpointWish['then']; by: KeptCheckpoint['by']; wish?: CheckpointWish | null },
): CheckpointStep {
  const settings = spec.checkpoint?.options;
  const seconds = settings?.timeoutSeconds;
  const retention = how.wish?.retention ?? retentionPolicy(spec);
  return {
    kind: 'checkpoint',
    container: request.name,
    request,
    then: how.then,
    id: record.lastCheckpointId + 1,
    retention,
    repeatable: how.then === 'leave-running' || retention.keep !== 1,
    pin: how.wish?.pin ?? false,
    preDumps: how.wish?.preDumps ?? settings?.preDumps ?? 0,
    by: how.by,
    allowances: { ...checkpointAllowances(spec), ...how.wish?.allowances },
    timeoutMs: how.wish?.timeoutMs ?? (seconds === undefined ? null : seconds * 1000),
    archive: how.wish?.archive ?? null,
    retryWith: how.wish?.retryWith ?? settings?.retryWith ?? null,
    declared: how.wish?.declared ?? null,
  };
}

/** What follows the checkpoint where it was asked to become a file or an image. `made`: which one, if not the newest. */
export function exportSteps(
  request: ContainerRequest,
  wish: CheckpointWish | null,
  made: Pick<KeptCheckpoint, 'id'> | null = null,
): ExportStep[] {
  if (wish?.archive === undefined) return [];
  return [
    {
      kind: 'export',
      container: request.name,
      request,
      checkpoint: made?.id ?? null,
      archive: wish.archive,
      image: wish.image ?? null,
      declared: wish.declared ?? null,
    },
  ];
}

/** How many checkpoints the manifest wants kept: one, unless it says something of them. */
function retentionPolicy({ checkpoint }: ContainerSpec): RetentionPolicy {
  const { keep, maxAge, maxBytes } = checkpoint ?? {};
  if (keep === undefined && maxAge === undefined && maxBytes === undefined) return { keep: 1 };
  return {
    ...(keep === undefined ? {} : { keep }),
    ...(maxAge === undefined ? {} : { maxAgeMs: parseDuration(maxAge) }),
    ...(maxBytes === undefined ? {} : { maxBytes: Number(parseBytes(maxBytes)) }),
  };
}

/** What the manifest of a container allows. */
export function checkpointAllowances({ checkpoint }: ContainerSpec): CheckpointAllowances {
  return allowancesOf(checkpoint?.options ?? {});
}

export function allowancesOf(settings: CheckpointSettings): CheckpointAllowances {
  const allowances: CheckpointAllowances = {};
  for (const flag of ALLOWANCE_FLAGS) {
    const value = settings[flag];
    if (value !== undefined) allowances[flag] = value;
  }
  if (settings.ghostLimit !== undefined) allowances.ghostLimitBytes = Number(parseBytes(settings.ghostLimit));
  return allowances;
}

/** Those that are allowed or not, by their names in manifests and requests. */
export const ALLOWANCE_FLAGS = [
  'tcpEstablished',
  'tcpClose',
  'tcpSkipInFlight',
  'fileLocks',
  'externalUnixSockets',
  'linkRemap',
  'debugLog',
] as const;
