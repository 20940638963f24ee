import { mayHaveProcess, type ContainerSituation } from './container-situation.ts';
import { windDownSteps } from './container-steps.ts';
import { requeueAfter, type Outcome } from '../loop/outcome.ts';
import type { Plan, PlannedAction } from './plan.ts';
import type { PlanReason } from './plan-reason.ts';
import type { ContainerStep } from './step.ts';

/** A plan with steps; another pass follows. */
export function doing(
  { record }: ContainerSituation,
  action: PlannedAction,
  steps: readonly ContainerStep[],
  reasons: readonly PlanReason[],
): Plan {
  return {
    resource: { kind: 'Container', name: record.name },
    action,
    reasons,
    steps,
    outcome: requeueAfter(0, { why: 'steps-follow' }),
  };
}

/** A plan for a container that can be left alone until something changes; only what it still holds is released. */
export function resting(situation: ContainerSituation, outcome: Outcome): Plan {
  const { record } = situation;
  const resource = { kind: 'Container', name: record.name } as const;
  const plan: Plan = { resource, action: 'none', reasons: [outcome.why], steps: [], outcome };
  if (record.request === null || mayHaveProcess(record.state)) return plan;
  return { ...plan, steps: windDownSteps(situation, record.request) };
}
