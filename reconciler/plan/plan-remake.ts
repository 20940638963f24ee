import { defaultPullPolicy, parseImageReference, type ContainerRequest } from '../../schemas/index.ts';
import { backoffOf } from './backoff.ts';
import { isAlive, type ContainerSituation } from './container-situation.ts';
import { freshRequest, removeSteps, renewedRequest, runSteps, windDownSteps } from './container-steps.ts';
import { compareData } from '../data/data-change.ts';
import type { DesiredContainer } from './desired-container.ts';
import { requeueAfter, stalled, type Outcome } from '../loop/outcome.ts';
import type { Plan, PlannedAction } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import type { PlanReason } from './plan-reason.ts';
import { compareAnnotations, compareSpecs, type ChangeEffect, type FieldChange } from './spec-change.ts';
import type { ContainerStep } from './step.ts';

/** An instance that there is, beside what is wanted. */
export interface Instance {
  situation: ContainerSituation;
  desired: DesiredContainer;
  present: ContainerRequest;
  effect: ChangeEffect;
  changes: PlanReason[];
}

/** What differs between the running instance and the wish, without what needs no effect. */
export function changesOf(present: ContainerRequest, desired: DesiredContainer): FieldChange[] {
  const changes = [
    ...compareSpecs(present.spec, desired.spec),
    ...compareAnnotations(present.annotations, desired.annotations),
    ...compareData(present.data ?? {}, desired.data ?? {}),
  ].filter((change) => change.effect !== 'none');
  if (present.pod?.id === desired.pod?.id) return changes;
  const place = (id: string | undefined): string => id?.slice(0, 12) ?? '(none)';
  return [
    ...changes,
    { path: 'pod', from: place(present.pod?.id), to: place(desired.pod?.id), effect: 'recreate' },
  ];
}

/** Takes down what there is, and brings it up again: around the same writable layer, or from a new one. */
export function remake(
  context: Instance,
  otherwise: 'start' | 'restart',
  reasons: readonly PlanReason[],
  restartCount: number,
): Plan {
  const { situation, desired, present, effect } = context;
  const action: PlannedAction = effect === 'recreate' ? 'recreate' : otherwise;
  // What runs has no failure to wait for the end of.
  const alive = isAlive(situation.record.state);
  const blocked = situation.gate ?? (alive ? null : backingOff(situation, desired));
  if (blocked !== null) {
    const rest = resting(situation, blocked);
    // An interrupted stop is finished, whatever keeps the container from being started again.
    const steps = alive ? [] : windDownSteps(situation, present);
    return { ...rest, steps };
  }
  if (action !== 'recreate') {
    const request = renewedRequest(present, desired);
    return doing(
      situation,
      action,
      [...windDownSteps(situation, present), ...runSteps(desired, request, restartCount)],
      reasons,
    );
  }
  return withImage(situation, desired, action, reasons, (image) => [
    ...removeSteps(situation, present),
    ...runSteps(desired, freshRequest(situation, desired, image), restartCount),
  ]);
}

/** The image first, and alone: what runs is not touched before its successor can be made. */
export function withImage(
  situation: ContainerSituation,
  desired: DesiredContainer,
  action: PlannedAction,
  reasons: readonly PlanReason[],
  steps: (image: ContainerSituation['image']) => ContainerStep[],
): Plan {
  const reference = desired.spec.image;
  if (reference === undefined) return doing(situation, action, steps(null), reasons);
  if (situation.image?.reference === reference)
    return doing(situation, action, steps(situation.image), reasons);
  const pull: ContainerStep = {
    kind: 'pull-image',
    container: situation.record.name,
    reference,
    policy: desired.spec.imagePullPolicy ?? defaultPullPolicy(parseImageReference(reference)),
    holds: 'rootfs',
  };
  return doing(situation, action, [pull], [...reasons, { why: 'image-needed', reference }]);
}

/** Why nothing is tried yet, or no more; null: it may be tried now. */
export function backingOff({ record, now }: ContainerSituation, desired: DesiredContainer): Outcome | null {
  const cause =
    record.lastError ?? (record.exit === null ? 'failed' : `exit code ${String(record.exit.code)}`);
  const { maxRetries } = backoffOf(desired.spec);
  if (maxRetries !== null && record.failuresInRow > maxRetries) {
    return stalled({ why: 'gave-up', tries: record.failuresInRow, cause });
  }
  const remainingMs = record.backoffUntil === null ? 0 : Date.parse(record.backoffUntil) - now;
  return remainingMs <= 0 ? null : requeueAfter(remainingMs, { why: 'backing-off', remainingMs, cause });
}
