import type { PlannedArchive } from '../../engine/index.ts';
import {
  checkpointKeeping,
  checkpointTarget,
  declaredNameOf,
  type CheckpointManifestSpec,
  type ContainerRecord,
  type DeclaredCheckpointRecord,
  type KeptCheckpoint,
  keptCheckpointsOf,
} from '../../schemas/index.ts';
import { allowancesOf, type CheckpointWish } from './checkpoint-wish.ts';

/** What a manifest of kind Checkpoint asks of its container, now that it is its turn. */
export interface DeclaredWish {
  wish: CheckpointWish & Required<Pick<CheckpointWish, 'declared'>>;
  /** It has been saved for this already: only what it is to become is left to do. */
  made: KeptCheckpoint | null;
}

/**
 * The first whose turn it is, of those that name the container; one after which it does not go on comes last. `turns`: which
 * generation of which record, by id.
 */
export function declaredWishFor(
  container: ContainerRecord,
  checkpoints: readonly DeclaredCheckpointRecord[],
  turns: ReadonlyMap<string, number>,
): DeclaredWish | null {
  const asking = checkpoints.filter(
    ({ id, generation, manifest, deletionRequestedAt }) =>
      turns.get(id) === generation &&
      deletionRequestedAt === null &&
      checkpointTarget(manifest.spec) === container.name,
  );
  const [first] = asking;
  const record = asking.find(({ manifest }) => manifest.spec.leaveRunning) ?? first;
  if (record === undefined) return null;
  const made = keptCheckpointsOf(container).find((kept) => isMadeFor(record, kept)) ?? null;
  return { wish: wishOf(record), made };
}

/** Whether it was made for this manifest as it is now. */
export function isMadeFor(
  { id, generation }: DeclaredCheckpointRecord,
  { declared }: KeptCheckpoint,
): boolean {
  return declared?.id === id && declared.generation === generation;
}

function wishOf(record: DeclaredCheckpointRecord): DeclaredWish['wish'] {
  const { spec } = record.manifest;
  const { to, leaveRunning, options = {} } = spec;
  const { keep, pin } = checkpointKeeping(spec);
  const place = archiveOf(to);
  return {
    then: leaveRunning ? 'leave-running' : 'stop',
    allowances: allowancesOf(options),
    timeoutMs: options.timeoutSeconds === undefined ? null : options.timeoutSeconds * 1000,
    // What is removed again afterwards must be there until then.
    pin: pin || !keep,
    ...(options.preDumps === undefined ? {} : { preDumps: options.preDumps }),
    ...(options.retryWith === undefined ? {} : { retryWith: options.retryWith }),
    by: 'declared',
    declared: declaredNameOf(record),
    // It stands beside the container's own ones, and takes the place of none of them.
    ...(pin || !keep ? { retention: {} } : {}),
    ...(place === null ? {} : { archive: place }),
    ...(to?.image === undefined ? {} : { image: to.image.name }),
  };
}

function archiveOf(to: CheckpointManifestSpec['to']): PlannedArchive | null {
  const from = to?.archive ?? to?.image;
  if (from === undefined) return null;
  const leaveOut: PlannedArchive['leaveOut'] = [
    ...(from.ignoreRootfs === true ? (['rootfs'] as const) : []),
    ...(from.ignoreVolumes === true ? (['volumes'] as const) : []),
  ];
  return to?.archive === undefined
    ? { file: null, compression: 'none', leaveOut }
    : { file: to.archive.path, compression: to.archive.compression, leaveOut };
}
