import { isDeepStrictEqual } from 'node:util';
import type {
  CheckpointManifest,
  Container,
  ContainerRecord,
  DeclaredCheckpointRecord,
  Ownership,
  Pod,
  PodRecord,
} from '../../schemas/index.ts';
import { mergeCheckpoint } from '../checkpoint/accept-checkpoint.ts';
import { isoTime } from '../clock.ts';
import { hasPasses } from '../data/data-manifests.ts';
import { DependencyCycleError, findDependencyCycle } from '../plan/dependency-cycle.ts';
import { needsNewNamespaces } from '../plan/expand-pod.ts';
import { newContainerRecord, newPodRecord } from './new-record.ts';
import type { AcceptOptions, OwnedManifest } from './owned-manifest.ts';
import { mayTouch, OwnershipError } from './ownership.ts';
import { keyOf, type ResourceName } from '../resource-key.ts';

/** Records as they are, or as they would be. */
export interface RecordsView {
  containers: readonly ContainerRecord[];
  pods: readonly PodRecord[];
  checkpoints: readonly DeclaredCheckpointRecord[];
}

/** What accepting manifests does to the records. Pure data: `accept` writes it, a dry run only plans with it. */
export interface Acceptance {
  containers: readonly Accepted<ContainerRecord>[];
  pods: readonly Accepted<PodRecord>[];
  checkpoints: readonly Accepted<DeclaredCheckpointRecord>[];
  /** What the source no longer has. */
  dropped: readonly ResourceName[];
  conflicts: readonly OwnershipError[];
}

export interface Accepted<T> {
  record: T;
  change: 'new' | 'changed' | 'unchanged';
  /** Makes of the record, as it is when it is written, what the manifest wants. */
  merge: (present: T | null) => T;
}

/** Says what records the manifests make. Throws when they cannot all be accepted; nothing is changed then. */
export function acceptManifests(
  manifests: readonly OwnedManifest[],
  present: RecordsView,
  options: AcceptOptions & { now: number; newId: () => string },
): Acceptance {
  const conflicts: OwnershipError[] = [];
  const containers: Accepted<ContainerRecord>[] = [];
  const pods: Accepted<PodRecord>[] = [];
  const checkpoints: Accepted<DeclaredCheckpointRecord>[] = [];
  const find = recordFinder(present);
  for (const { manifest, file } of manifests) {
    // Data is kept by the engine: see data-manifests.ts.
    if (!hasPasses(manifest)) continue;
    const { kind, metadata } = manifest;
    const owner: Ownership = { source: options.source, file };
    const record = find({ kind, name: metadata.name });
    if (record !== null && !mayTouch(record, options.source)) {
      conflicts.push(new OwnershipError('apply', { kind, name: metadata.name }, record.owner));
      continue;
    }
    if (manifest.kind === 'Container')
      containers.push(acceptContainer(manifest, owner, record as ContainerRecord | null, options));
    else if (manifest.kind === 'Pod')
      pods.push(acceptPod(manifest, owner, record as PodRecord | null, options));
    else
      checkpoints.push(acceptCheckpoint(manifest, owner, record as DeclaredCheckpointRecord | null, options));
  }
  const refusal = conflicts[0];
  if (refusal !== undefined && options.conflicts === 'refuse') throw refusal;
  const dropped = droppedResources(manifests, present, options);
  refuseCycles(present, containers, dropped);
  return { containers, pods, checkpoints, dropped, conflicts };
}

/** Records as they will be once the acceptance is written. */
export function recordsAfter(present: RecordsView, acceptance: Acceptance, now: number): RecordsView {
  const isDropped = ({ kind, name }: ResourceName): boolean =>
    acceptance.dropped.some((resource) => resource.kind === kind && resource.name === name);
  const drop = <T extends RecordOfPasses>(record: T): T =>
    isDropped(record) ? { ...record, deletionRequestedAt: isoTime(now) } : record;
  return {
    containers: replace(present.containers, acceptance.containers).map(drop),
    pods: replace(present.pods, acceptance.pods).map(drop),
    checkpoints: replace(present.checkpoints, acceptance.checkpoints).map(drop),
  };
}

function replace<T extends { name: string }>(present: readonly T[], accepted: readonly Accepted<T>[]): T[] {
  const names = new Set(accepted.map(({ record }) => record.name));
  return [...present.filter((record) => !names.has(record.name)), ...accepted.map(({ record }) => record)];
}

type RecordOfPasses = ContainerRecord | PodRecord | DeclaredCheckpointRecord;

function recordFinder(present: RecordsView): (resource: ResourceName) => RecordOfPasses | null {
  const records = new Map<string, RecordOfPasses>();
  for (const record of [...present.containers, ...present.pods, ...present.checkpoints])
    records.set(keyOf(record), record);
  return (resource) => records.get(keyOf(resource)) ?? null;
}

function acceptContainer(
  manifest: Container,
  owner: Ownership,
  present: ContainerRecord | null,
  { now, source }: AcceptOptions & { now: number },
): Accepted<ContainerRecord> {
  const isSame = present !== null && isDeepStrictEqual(present.manifest, manifest);
  const merge = (record: ContainerRecord | null): ContainerRecord => {
    if (record === null) {
      return newContainerRecord({ name: manifest.metadata.name, owner, manifest, pod: null, now });
    }
    const isChanged = record === present ? !isSame : !isDeepStrictEqual(record.manifest, manifest);
    const next = {
      ...record,
      owner,
      manifest: isChanged ? manifest : record.manifest,
      deletionRequestedAt: null,
      override: isChanged ? null : record.override,
      // Whoever applies by hand wants it tried now; a directory is read again all the time.
      ...(isChanged || source === 'apply' ? { failuresInRow: 0, backoffUntil: null } : {}),
      lastError: isChanged ? null : record.lastError,
    };
    return isDeepStrictEqual(next, record) ? record : next;
  };
  return accepted(present, merge, isSame);
}

function acceptPod(
  manifest: Pod,
  owner: Ownership,
  present: PodRecord | null,
  { now, newId }: { now: number; newId: () => string },
): Accepted<PodRecord> {
  const id = present?.id ?? newId();
  const isSame = present !== null && isDeepStrictEqual(present.manifest, manifest);
  const merge = (record: PodRecord | null): PodRecord => {
    if (record === null) return newPodRecord({ id, owner, manifest, now });
    const isChanged = record === present ? !isSame : !isDeepStrictEqual(record.manifest, manifest);
    const next = {
      ...record,
      owner,
      manifest: isChanged ? manifest : record.manifest,
      deletionRequestedAt: null,
      override: isChanged ? null : record.override,
      prepared: record.prepared && !needsNewNamespaces(record.manifest, manifest),
    };
    return isDeepStrictEqual(next, record) ? record : next;
  };
  return accepted(present, merge, isSame);
}

function acceptCheckpoint(
  manifest: CheckpointManifest,
  owner: Ownership,
  present: DeclaredCheckpointRecord | null,
  { now, newId }: { now: number; newId: () => string },
): Accepted<DeclaredCheckpointRecord> {
  const id = present?.id ?? newId();
  const merge = (record: DeclaredCheckpointRecord | null): DeclaredCheckpointRecord =>
    mergeCheckpoint(record, manifest, { owner, now, id });
  return accepted(present, merge, present !== null && isDeepStrictEqual(present.manifest, manifest));
}

function accepted<T extends { deletionRequestedAt: string | null }>(
  present: T | null,
  merge: (record: T | null) => T,
  isSame: boolean,
): Accepted<T> {
  const change =
    present === null ? 'new' : isSame && present.deletionRequestedAt === null ? 'unchanged' : 'changed';
  return { record: merge(present), change, merge };
}

/** What the source made from the pruned files, and what no manifest names any more. */
function droppedResources(
  manifests: readonly OwnedManifest[],
  present: RecordsView,
  { prune, source }: AcceptOptions,
): ResourceName[] {
  if (prune === null) return [];
  const named = new Set(manifests.map(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}`));
  const own = present.containers.filter((record) => record.pod === null);
  return [...own, ...present.pods, ...present.checkpoints]
    .filter(
      (record) =>
        record.owner.source === source &&
        record.deletionRequestedAt === null &&
        ('allBut' in prune ? !prune.allBut.has(record.owner.file) : prune.has(record.owner.file)) &&
        !named.has(`${record.kind}/${record.name}`),
    )
    .map(({ kind, name }) => ({ kind, name }));
}

function refuseCycles(
  present: RecordsView,
  accepted: readonly Accepted<ContainerRecord>[],
  dropped: readonly ResourceName[],
): void {
  const gone = new Set(dropped.filter(({ kind }) => kind === 'Container').map(({ name }) => name));
  const records = replace(present.containers, accepted).filter((record) => !gone.has(record.name));
  const cycle = findDependencyCycle(records);
  if (cycle !== null) throw new DependencyCycleError(cycle);
}
