import { nextCheckpointInMs } from './checkpoint-schedule.ts';
import { checkpointStep, exportSteps } from '../checkpoint/checkpoint-wish.ts';
import { isAlive } from './container-situation.ts';
import { renewedRequest, windDownSteps } from './container-steps.ts';
import { lookingAgain, settled, waitingFor } from '../loop/outcome.ts';
import type { Plan } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import { remake, type Instance } from './plan-remake.ts';

/** The plan for one that runs, or is paused, and is wanted so. */
export function planAlive(context: Instance): Plan {
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
function savedBefore({ desired, present, situation }: Instance, plan: Plan): Plan {
  if (desired.spec.checkpoint?.beforeUpdate !== true || plan.action !== 'restart') return plan;
  if (!isAlive(situation.record.state)) return plan;
  const step = checkpointStep({ request: present, record: situation.record }, desired.spec, {
    then: 'leave-running',
    by: 'update',
  });
  return { ...plan, steps: [step, ...plan.steps] };
}
