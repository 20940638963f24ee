import { executePlan } from './execute-plan.ts';
import { requeueAfter, settled, type Outcome } from '../loop/outcome.ts';
import type { PassDeps } from './pass-deps.ts';
import { planPod } from '../plan/plan-pod.ts';
import { reportRest, reportStep } from './report-steps.ts';

const MOST_ROUNDS = 10;

/** Looks at one pod, and does what is to be done to the pod itself. `onMembersChanged`: its members are to be looked at. */
export async function passOverPod(
  deps: PassDeps,
  name: string,
  options: { signal: AbortSignal; onMembersChanged: (members: readonly string[]) => void },
): Promise<Outcome> {
  const begun = deps.clock.now();
  let hasActed = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const record = deps.records.pods.get(name);
    if (record === null) return settled({ why: 'as-wished' });
    const members = deps.records.containers.list().filter((member) => member.pod === name);
    const plan = planPod({ record, members, now: deps.clock.now() });
    if (plan.steps.length === 0) {
      reportRest(deps.report, plan, null, hasActed);
      return plan.outcome;
    }
    await executePlan(plan.steps, deps.runner, {
      signal: options.signal,
      onStepDone: (step) => {
        reportStep(deps.report, step, { plan, record: null, tookMs: deps.clock.now() - begun });
      },
    });
    hasActed = true;
    const all = deps.records.containers.list().filter((member) => member.pod === name);
    options.onMembersChanged(all.map((member) => member.name));
  }
  return requeueAfter(1000, { why: 'steps-follow' });
}
