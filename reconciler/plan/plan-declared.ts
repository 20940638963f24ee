import { isRepeatable } from '../../schemas/index.ts';
import { checkpointStep, exportSteps } from '../checkpoint/checkpoint-wish.ts';
import { isAlive, type ContainerSituation } from './container-situation.ts';
import type { DesiredContainer } from './desired-container.ts';
import type { Plan } from './plan.ts';
import { doing } from './plan-outline.ts';
import type { ContainerStep } from './step.ts';

/** The plan for a container that a manifest of kind Checkpoint names. Null: nothing that could be done now is asked of it. */
export function planDeclared(situation: ContainerSituation, desired: DesiredContainer): Plan | null {
  const { record, declaredAsked } = situation;
  const { request } = record;
  if (declaredAsked === null || request === null) return null;
  const { wish, made } = declaredAsked;
  const reasons = [{ why: 'checkpoint-declared', name: wish.declared.name }] as const;
  if (made !== null) {
    // Without the files in it, it holds only as long as the container stands where it was saved.
    const canBeRead = isRepeatable(made) || record.state === 'Checkpointed';
    const steps = canBeRead ? exportSteps(request, wish, made) : [];
    return steps.length === 0 ? null : doing(situation, 'checkpoint', steps, reasons);
  }
  if (!isAlive(record.state) || desired.wanted === 'Stopped') return null;
  const steps: ContainerStep[] = [
    checkpointStep({ request, record }, desired.spec, { then: wish.then, by: wish.by, wish }),
    ...(wish.then === 'stop' ? [{ kind: 'cleanup', container: record.name, request } as const] : []),
    ...exportSteps(request, wish),
  ];
  return doing(situation, 'checkpoint', steps, reasons);
}
