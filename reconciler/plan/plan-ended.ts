import {
  defaultPullPolicy,
  parseImageReference,
  type ContainerExit,
  type RestartPolicy,
  type RestoredRun,
} from '../../schemas/index.ts';
import { removeSteps, freshRequest } from './container-steps.ts';
import type { ContainerSituation } from './container-situation.ts';
import type { DesiredContainer } from './desired-container.ts';
import { settled } from '../loop/outcome.ts';
import type { Plan } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import type { PlanReason } from './plan-reason.ts';
import { backingOff, remake, withImage, type Instance } from './plan-remake.ts';
import { isElsewhere, planRestore, restoreCause, restoreReason, restoreStep } from './plan-restore.ts';

/** Configured, Stopped, Exited or Checkpointed: is it to run again? */
export function planEnded(context: Instance): Plan {
  const { situation, desired, effect, changes } = context;
  const { record } = situation;
  const cause = restoreCause(situation, desired);
  const takesArchive = cause === 'archive' || (cause === 'hand' && isElsewhere(record.restoreWish));
  // Nothing has run yet that could be changed, or what was asked for takes its place.
  if (cause !== null && takesArchive) {
    const blocked = situation.gate ?? (cause === 'hand' ? null : backingOff(situation, desired));
    if (blocked !== null) return resting(situation, blocked);
    if (effect === 'recreate') return bornRestored(situation, desired, cause, changes);
    return fetching(situation, desired, cause) ?? restoring({ ...context, effect: 'none' }, cause);
  }
  // What was changed asks for new processes, as it does of a container that runs.
  if (effect === 'recreate' || effect === 'restart') return remake(context, 'start', changes, 0);
  if (record.exit === null || decideByPolicy(record.exit, desired.spec.restartPolicy) === null) {
    if (cause !== null) return restoring(context, cause);
  }
  if (effect !== 'none') return remake(context, 'start', changes, 0);
  if (situation.restartAsked || record.exit === null) {
    return remake(context, 'start', [{ why: 'not-running' }], record.exit === null ? record.restartCount : 0);
  }
  const over = decideByPolicy(record.exit, desired.spec.restartPolicy);
  if (over !== null) return resting(situation, settled(over));
  const reason: PlanReason = {
    why: 'process-ended',
    code: record.exit.code,
    policy: desired.spec.restartPolicy,
  };
  return remake(context, 'start', [reason], record.restartCount + 1);
}

function restoring(
  { situation, desired, present, effect, changes }: Instance,
  why: RestoredRun['why'],
): Plan {
  // Whoever asks for it by hand need not wait.
  const blocked = situation.gate ?? (why === 'hand' ? null : backingOff(situation, desired));
  if (blocked !== null) return resting(situation, blocked);
  return planRestore(situation, desired, { present, why, isUpdate: effect === 'in place', changes });
}

/** Null: the policy wants it to run again. */
export function decideByPolicy(exit: ContainerExit, policy: RestartPolicy): PlanReason | null {
  if (policy === 'Always' || policy === 'UnlessStopped') return null;
  if (exit.code === 0) return { why: 'completed', code: 0 };
  return policy === 'OnFailure' ? null : { why: 'failed-for-good', code: exit.code, policy };
}

/** The image of the checkpoint first, and alone, as that of the root filesystem. Null: it is there, or none is needed. */
function fetching(
  situation: ContainerSituation,
  { spec }: DesiredContainer,
  why: RestoredRun['why'],
): Plan | null {
  const { image: reference, imagePullPolicy } = spec.restore?.from ?? {};
  // What a person asks for was fetched by the command.
  if (why !== 'archive' || reference === undefined) return null;
  if (situation.checkpointImage?.reference === reference) return null;
  const policy = imagePullPolicy ?? defaultPullPolicy(parseImageReference(reference));
  const container = situation.record.name;
  const reasons = [
    { why: 'image-given', image: reference } as const,
    { why: 'image-needed', reference } as const,
  ];
  return doing(
    situation,
    'restore',
    [{ kind: 'pull-image', container, reference, policy, holds: 'checkpoint' }],
    reasons,
  );
}

/** A new instance that goes on from an archive or an image; of an instance before it nothing is left. */
export function bornRestored(
  situation: ContainerSituation,
  desired: DesiredContainer,
  why: RestoredRun['why'],
  changes: readonly PlanReason[],
): Plan {
  const { record } = situation;
  const first = fetching(situation, desired, why);
  if (first !== null) return first;
  const reasons = [restoreReason(record, desired, why), ...changes];
  return withImage(situation, desired, 'restore', reasons, (image) => {
    const request = freshRequest(situation, desired, image);
    return [
      ...(record.request === null ? [] : removeSteps(situation, record.request)),
      restoreStep(situation, desired, { request, why }),
      ...(desired.wanted === 'Paused' ? [{ kind: 'pause', container: record.name, request } as const] : []),
    ];
  });
}
