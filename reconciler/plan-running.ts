import {
  defaultPullPolicy,
  parseImageReference,
  type ContainerExit,
  type ContainerRequest,
  type RestartPolicy,
  type RestoredRun,
} from '../schemas/index.ts';
import { backoffOf } from './backoff.ts';
import { nextCheckpointInMs } from './checkpoint-schedule.ts';
import { checkpointStep, exportSteps } from './checkpoint-wish.ts';
import { isAlive, type ContainerSituation } from './container-situation.ts';
import {
  freshRequest,
  removeSteps,
  renewedRequest,
  runSteps,
  startSteps,
  windDownSteps,
} from './container-steps.ts';
import type { DesiredContainer } from './desired-container.ts';
import { lookingAgain, requeueAfter, settled, stalled, waitingFor, type Outcome } from './outcome.ts';
import type { Plan, PlannedAction } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import type { PlanReason } from './plan-reason.ts';
import { planRestore, restoreCause, restoreReason, restoreStep } from './plan-restore.ts';
import {
  compareAnnotations,
  compareSpecs,
  strongestEffect,
  type ChangeEffect,
  type FieldChange,
} from './spec-change.ts';
import { compareData } from './data-change.ts';
import type { ContainerStep } from './step.ts';

/** The plan for a container that is wanted Running or Paused. */
export function planRunning(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const { record } = situation;
  const present = record.request;
  if (present === null) return planFirst(situation, desired);
  const changes = changesOf(present, desired);
  const context: Context = {
    situation,
    desired,
    present,
    effect: strongestEffect(changes),
    changes: changes.map((change) => ({ why: 'field-changed', change })),
  };
  if (isAlive(record.state)) return planAlive(context);
  if (record.state === 'Stopping' || record.state === 'Unknown') {
    const reasons: PlanReason[] = [{ why: 'interrupted', verb: 'stop' }, ...context.changes];
    return remake(context, 'restart', reasons, record.restartCount);
  }
  if (record.state === 'Created') return planCreated(context);
  return planEnded(context);
}

interface Context {
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

function planFirst(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const blocked = situation.gate ?? backingOff(situation, desired);
  if (blocked !== null) return resting(situation, blocked);
  const why = restoreCause(situation, desired);
  if (why !== null) return bornRestored(situation, desired, why, []);
  return withImage(situation, desired, 'create', [{ why: 'new' }], (image) =>
    runSteps(desired, freshRequest(situation, desired, image), 0),
  );
}

/** A new instance that goes on from an archive; of an instance before it nothing is left. */
function bornRestored(
  situation: ContainerSituation,
  desired: DesiredContainer,
  why: RestoredRun['why'],
  changes: readonly PlanReason[],
): Plan {
  const { record } = situation;
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

function planAlive(context: Context): Plan {
  const { situation, desired, present, effect, changes } = context;
  const { record, probeFailure } = situation;
  const container = record.name;
  const wish = situation.checkpointAsked;
  if (wish?.then === 'leave-running') {
    const step = checkpointStep({ request: present, record }, desired.spec, {
      then: wish.then,
      by: wish.by,
      wish,
    });
    const steps = [step, ...exportSteps(present, wish)];
    return doing(situation, 'checkpoint', steps, [{ why: 'checkpoint-asked-for' }]);
  }
  if (effect === 'recreate' || effect === 'restart') {
    // Rather the old one than none at all.
    if (situation.gate !== null) return { ...resting(situation, situation.gate), reasons: changes };
    return savedBefore(context, remake(context, 'restart', changes, 0));
  }
  if (situation.restartAsked) return remake(context, 'restart', [{ why: 'restart-asked-for' }], 0);
  if (probeFailure !== null) {
    // The restart policy decides, in the next pass, about what happens then.
    return doing(situation, 'restart', windDownSteps(situation, present), [
      { why: 'probe-failed', ...probeFailure },
    ]);
  }
  if (effect === 'in place') {
    const request = renewedRequest(present, desired);
    return doing(situation, 'in place', [{ kind: 'update', container, request }], changes);
  }
  const isPaused = record.state === 'Paused';
  if (isPaused !== (desired.wanted === 'Paused')) {
    const kind = isPaused ? 'resume' : 'pause';
    return doing(
      situation,
      kind,
      [{ kind, container, request: present }],
      [{ why: 'state-wanted', state: desired.wanted, by: desired.wantedBy }],
    );
  }
  const checkpointInMs = isPaused ? null : nextCheckpointInMs(record, desired.spec, situation.now);
  if (checkpointInMs === 0) {
    const step = checkpointStep({ request: present, record }, desired.spec, {
      then: 'leave-running',
      by: 'interval',
    });
    const interval = desired.spec.checkpoint?.interval ?? '';
    return doing(situation, 'checkpoint', [step], [{ why: 'checkpoint-due', interval }]);
  }
  const rest =
    isPaused || record.ready ? settled({ why: 'as-wished' }) : waitingFor([], { why: 'not-ready' });
  return resting(situation, lookingAgain(rest, checkpointInMs));
}

/** With `beforeUpdate`, what runs is saved before it is restarted; a new instance could make no use of that. */
function savedBefore({ desired, present, situation }: Context, plan: Plan): Plan {
  if (desired.spec.checkpoint?.beforeUpdate !== true || plan.action !== 'restart') return plan;
  if (!isAlive(situation.record.state)) return plan;
  const step = checkpointStep({ request: present, record: situation.record }, desired.spec, {
    then: 'leave-running',
    by: 'update',
  });
  return { ...plan, steps: [step, ...plan.steps] };
}

function planCreated(context: Context): Plan {
  const { situation, desired, present, effect, changes } = context;
  if (effect !== 'none' || !situation.observation.monitorAlive) {
    const reasons: PlanReason[] = changes.length > 0 ? changes : [{ why: 'left-over' }];
    return remake(context, 'start', reasons, situation.record.restartCount);
  }
  const blocked = situation.gate ?? backingOff(situation, desired);
  if (blocked !== null) return resting(situation, blocked);
  return doing(situation, 'start', startSteps(desired, present), [{ why: 'not-running' }]);
}

/** Configured, Stopped, Exited or Checkpointed: is it to run again? */
function planEnded(context: Context): Plan {
  const { situation, desired, effect, changes } = context;
  const { record } = situation;
  const cause = restoreCause(situation, desired);
  const takesArchive = cause === 'archive' || (cause === 'hand' && record.restoreWish?.archive != null);
  // Nothing has run yet that could be changed, or what was asked for takes its place.
  if (cause !== null && takesArchive) {
    const blocked = situation.gate ?? (cause === 'hand' ? null : backingOff(situation, desired));
    if (blocked !== null) return resting(situation, blocked);
    return effect === 'recreate'
      ? bornRestored(situation, desired, cause, changes)
      : restoring({ ...context, effect: 'none' }, cause);
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

function restoring({ situation, desired, present, effect, changes }: Context, why: RestoredRun['why']): Plan {
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

/** Takes down what there is, and brings it up again: around the same writable layer, or from a new one. */
function remake(
  context: Context,
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
function withImage(
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
  };
  return doing(situation, action, [pull], [...reasons, { why: 'image-needed', reference }]);
}

function backingOff({ record, now }: ContainerSituation, desired: DesiredContainer): Outcome | null {
  const cause =
    record.lastError ?? (record.exit === null ? 'failed' : `exit code ${String(record.exit.code)}`);
  const { maxRetries } = backoffOf(desired.spec);
  if (maxRetries !== null && record.failuresInRow > maxRetries) {
    return stalled({ why: 'gave-up', tries: record.failuresInRow, cause });
  }
  const remainingMs = record.backoffUntil === null ? 0 : Date.parse(record.backoffUntil) - now;
  return remainingMs <= 0 ? null : requeueAfter(remainingMs, { why: 'backing-off', remainingMs, cause });
}
