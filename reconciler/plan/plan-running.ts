import { isAlive, type ContainerSituation } from './container-situation.ts';
import { freshRequest, runSteps, startSteps } from './container-steps.ts';
import type { DesiredContainer } from './desired-container.ts';
import { planAlive } from './plan-alive.ts';
import { bornRestored, planEnded } from './plan-ended.ts';
import type { Plan } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import type { PlanReason } from './plan-reason.ts';
import { backingOff, changesOf, remake, withImage, type Instance } from './plan-remake.ts';
import { restoreCause } from './plan-restore.ts';
import { strongestEffect } from './spec-change.ts';

/** The plan for a container that is wanted Running or Paused. */
export function planRunning(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const { record } = situation;
  const present = record.request;
  if (present === null) return planFirst(situation, desired);
  const changes = changesOf(present, desired);
  const context: Instance = {
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

function planFirst(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const blocked = situation.gate ?? backingOff(situation, desired);
  if (blocked !== null) return resting(situation, blocked);
  const why = restoreCause(situation, desired);
  if (why !== null) return bornRestored(situation, desired, why, []);
  return withImage(situation, desired, 'create', [{ why: 'new' }], (image) =>
    runSteps(desired, freshRequest(situation, desired, image), 0),
  );
}

function planCreated(context: Instance): Plan {
  const { situation, desired, present, effect, changes } = context;
  if (effect !== 'none' || !situation.observation.monitorAlive) {
    const reasons: PlanReason[] = changes.length > 0 ? changes : [{ why: 'left-over' }];
    return remake(context, 'start', reasons, situation.record.restartCount);
  }
  const blocked = situation.gate ?? backingOff(situation, desired);
  if (blocked !== null) return resting(situation, blocked);
  return doing(situation, 'start', startSteps(desired, present), [{ why: 'not-running' }]);
}
