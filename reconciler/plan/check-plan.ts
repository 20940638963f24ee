import type { ContainerSituation } from './container-situation.ts';
import { mayHaveProcess } from './container-situation.ts';
import type { Plan } from './plan.ts';
import type { ContainerStep, RestoreStep } from './step.ts';

/** The plan breaks a rule that no plan may break: a fault of tsctr, found before anything was touched. */
export class UnsoundPlanError extends Error {
  override readonly name = 'UnsoundPlanError';
  readonly code = 'UNSOUND_PLAN';
  readonly violations: readonly string[];

  constructor(plan: Plan, violations: readonly string[]) {
    const steps = plan.steps.map((step) => step.kind).join(', ');
    super(
      `plan ${plan.resource.kind.toLowerCase()}/${plan.resource.name}: steps [${steps}] are unsound: ${violations.join('; ')}`,
    );
    this.violations = violations;
  }
}

/** The invariants of every container's plan. Returns what is broken, in words; an empty list is a sound plan. */
export function checkContainerPlan(plan: Plan, situation: ContainerSituation): string[] {
  const steps = plan.steps as readonly ContainerStep[];
  return [
    ...checkOwn(steps, situation),
    ...checkOrder(steps, situation),
    ...checkTail(steps, plan),
    ...(plan.reasons.length === 0 ? ['it gives no reason'] : []),
  ];
}

/** Only this container is touched, and only instances that it has or that are made in this plan. */
function checkOwn(steps: readonly ContainerStep[], { record, newId }: ContainerSituation): string[] {
  const known = new Set([record.request?.id ?? newId, newId]);
  return steps.flatMap((step) => {
    if (step.container !== record.name) return [`${step.kind} touches container/${step.container}`];
    if ('request' in step && !known.has(step.request.id)) return [`${step.kind} touches an unknown instance`];
    if ('request' in step && step.request.name !== record.name) return [`${step.kind} has another's request`];
    const isFirst = step.kind === 'create' || isFromElsewhere(step);
    if (isFirst && step.request.image?.reference !== step.request.spec.image) {
      return [
        `${step.kind} of image ${String(step.request.spec.image)} from ${String(step.request.image?.reference)}`,
      ];
    }
    return [];
  });
}

/** Follows what each step makes of the container; a step that does not fit there is a violation. */
function checkOrder(steps: readonly ContainerStep[], { record, observation }: ContainerSituation): string[] {
  const violations: string[] = [];
  let place = placeOf(record, observation);
  for (const step of steps) {
    const next = NEXT[step.kind](place, step);
    if (next === null) violations.push(`${step.kind} while ${place}`);
    else place = next;
  }
  return violations;
}

type Place =
  'nothing' | 'layer' | 'held' | 'created' | 'running' | 'paused' | 'ending' | 'removing' | 'forgotten';

function placeOf(
  record: ContainerSituation['record'],
  observation: ContainerSituation['observation'],
): Place {
  if (record.state === 'Removing') return record.request === null ? 'nothing' : 'removing';
  if (record.state === 'Paused') return 'paused';
  if (record.state === 'Running' || record.state === 'Restored') return 'running';
  if (mayHaveProcess(record.state)) return 'ending';
  if (record.state === 'Created') return 'created';
  if (record.state === 'Stopped') return 'held';
  if (record.request === null) return 'nothing';
  return observation.status === 'absent' ? 'layer' : 'held';
}

function from(places: readonly Place[], to: Place | 'same'): (place: Place) => Place | null {
  return (place) => (places.includes(place) ? (to === 'same' ? place : to) : null);
}

/** It needs no instance that was there before. */
function isFromElsewhere(step: ContainerStep): step is RestoreStep {
  return step.kind === 'restore' && step.checkpoint === null;
}

/** From where each step may be taken, and where it leads. */
const NEXT: Readonly<Record<ContainerStep['kind'], (place: Place, step: ContainerStep) => Place | null>> = {
  'pull-image': (place) => (place === 'forgotten' ? null : place),
  create: from(['nothing', 'layer'], 'created'),
  start: from(['created'], 'running'),
  pause: from(['running'], 'paused'),
  resume: from(['paused'], 'running'),
  update: from(['created', 'running', 'paused'], 'same'),
  checkpoint: (place, step) =>
    from(['running', 'paused'], step.kind === 'checkpoint' && step.then === 'stop' ? 'held' : 'same')(place),
  restore: (place, step) => from(isFromElsewhere(step) ? ['nothing', 'layer'] : ['layer'], 'running')(place),
  export: from(['running', 'paused', 'held', 'layer'], 'same'),
  stop: from(['running', 'paused', 'ending'], 'held'),
  cleanup: from(['created', 'held', 'layer'], 'layer'),
  remove: from(['layer', 'removing'], 'nothing'),
  forget: from(['nothing'], 'forgotten'),
};

/** A container that is only wanted gone is not made again, and forgetting is the last thing. */
function checkTail(steps: readonly ContainerStep[], plan: Plan): string[] {
  const kinds = steps.map((step) => step.kind);
  const forgotten = kinds.indexOf('forget');
  return [
    ...(forgotten !== -1 && forgotten !== kinds.length - 1 ? ['something follows forget'] : []),
    ...(forgotten !== -1 && plan.action !== 'remove' ? [`forget in a plan to ${plan.action}`] : []),
    ...(kinds.includes('pull-image') && kinds.length > 1 ? ['pull-image is not alone'] : []),
    ...(steps.length === 0 && plan.outcome.kind === 'requeue' && plan.outcome.afterMs === 0
      ? ['it would go round for ever']
      : []),
  ];
}
