import {
  keptCheckpointsOf,
  type ContainerRecord,
  type ContainerRequest,
  type KeptCheckpoint,
  type RestoredRun,
  type RestoreWish,
} from '../../schemas/index.ts';
import type { ContainerSituation } from './container-situation.ts';
import { renewedRequest, windDownSteps } from './container-steps.ts';
import type { DesiredContainer } from './desired-container.ts';
import type { Plan } from './plan.ts';
import { doing } from './plan-outline.ts';
import type { PlanReason } from './plan-reason.ts';
import type { ContainerStep, RestoreStep } from './step.ts';

/** Restores in a row of one that was not told how many there may be. */
const TRIES = 3;

/** Why a container that is to run goes on from its checkpoint, or from an archive; null: it begins anew. */
export function restoreCause(
  { record, restartAsked }: Pick<ContainerSituation, 'record' | 'restartAsked'>,
  { spec }: DesiredContainer,
): RestoredRun['why'] | null {
  const { checkpoint, exit, restoreWish } = record;
  // Whoever says restart wants it to begin anew.
  if (restartAsked) return null;
  if (record.restoreDue === 'hand' && isElsewhere(restoreWish)) return 'hand';
  if (spec.restore?.from !== undefined && !hasRun(record)) return 'archive';
  // They go with the instance that they are of.
  if (checkpoint === null || record.request === null) return null;
  // Its memory is nowhere else: it is never given up without a word.
  if (record.state === 'Checkpointed') return 'checkpointed';
  if (record.restoreDue === 'hand') return 'hand';
  const tries = spec.restore?.onCrash?.tries ?? TRIES;
  if (record.restoresInRow >= tries) return null;
  if (record.restoreDue === 'boot') return 'boot';
  const hasCrashed = exit !== null && exit.code !== 0;
  return hasCrashed && spec.restore?.onCrash !== undefined && lastOfRun(record) !== null ? 'crash' : null;
}

/** The last checkpoint that leads up to where the container is now. */
export function lastOfRun(
  record: Pick<ContainerRecord, 'checkpoint' | 'olderCheckpoints'>,
): KeptCheckpoint | null {
  return keptCheckpointsOf(record).find(({ ofEarlierRun }) => !ofEarlierRun) ?? null;
}

/** Which one it goes on from: the one that was asked for by name, else the last one that leads up to now, else the newest. */
function sourceOf(record: ContainerRecord, why: RestoredRun['why']): KeptCheckpoint | null {
  const kept = keptCheckpointsOf(record);
  const asked = kept.find(({ id }) => id === record.restoreFrom);
  if (asked !== undefined) return asked;
  return (why === 'crash' || why === 'boot' ? lastOfRun(record) : null) ?? record.checkpoint;
}

/** What was asked for is not among the kept checkpoints. */
export function isElsewhere(wish: RestoreWish | null): boolean {
  return wish !== null && (wish.archive !== null || wish.image !== undefined);
}

/** Records of earlier versions do not say it by that field. */
function hasRun(record: ContainerRecord): boolean {
  return record.hasRun || record.startedAt !== null || record.exit !== null || record.previousExit !== null;
}

/** The step that brings it back: out of what was asked for by hand, else out of what the manifest names, else the kept checkpoint. */
export function restoreStep(
  { record }: Pick<ContainerSituation, 'record'>,
  { spec }: DesiredContainer,
  { request, why }: { request: ContainerRequest; why: RestoredRun['why'] },
): RestoreStep {
  const wish = record.restoreDue === 'hand' ? record.restoreWish : null;
  const source = why === 'archive' ? (spec.restore?.from ?? null) : wish;
  const { archive = null, image = null } = source ?? {};
  return {
    kind: 'restore',
    container: record.name,
    request,
    checkpoint: archive === null && image === null ? (sourceOf(record, why)?.id ?? 0) : null,
    archive,
    image,
    ignore: source?.ignore ?? [],
    lazyPages: wish?.lazyPages ?? spec.restore?.lazyPages ?? false,
    why,
    restartCount: record.restartCount + (why === 'crash' ? 1 : 0),
  };
}

/** Takes down what there is, and brings it back from its checkpoint. */
export function planRestore(
  situation: ContainerSituation,
  desired: DesiredContainer,
  restore: {
    present: ContainerRequest;
    why: RestoredRun['why'];
    isUpdate: boolean;
    changes: readonly PlanReason[];
  },
): Plan {
  const { record } = situation;
  const { present, why, isUpdate, changes } = restore;
  const container = record.name;
  const request = renewedRequest(present, desired);
  const steps: ContainerStep[] = [
    ...windDownSteps(situation, present),
    restoreStep(situation, desired, { request, why }),
    // CRIU brings the limits back as they were.
    ...(isUpdate ? [{ kind: 'update', container, request } as const] : []),
    ...(desired.wanted === 'Paused' ? [{ kind: 'pause', container, request } as const] : []),
  ];
  return doing(situation, 'restore', steps, [restoreReason(record, desired, why), ...changes]);
}

export function restoreReason(
  record: ContainerRecord,
  { spec }: DesiredContainer,
  why: RestoredRun['why'],
): PlanReason {
  const createdAt = sourceOf(record, why)?.createdAt ?? '';
  const elsewhere = why === 'archive' ? spec.restore?.from : why === 'hand' ? record.restoreWish : null;
  if (elsewhere?.image !== undefined) return { why: 'image-given', image: elsewhere.image };
  if (elsewhere?.archive != null) return { why: 'archive-given', archive: elsewhere.archive };
  if (why !== 'crash' && why !== 'archive') return { why: 'restore-due', cause: why, createdAt };
  return {
    why: 'crashed',
    code: record.exit?.code ?? -1,
    oomKilled: record.exit?.oomKilled ?? false,
    attempt: record.restoresInRow + 1,
    tries: spec.restore?.onCrash?.tries ?? TRIES,
  };
}
