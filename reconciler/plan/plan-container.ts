import type { ContainerRequest } from '../../schemas/index.ts';
import { mayHaveProcess, type ContainerSituation } from './container-situation.ts';
import { removeSteps, windDownSteps } from './container-steps.ts';
import type { DesiredContainer } from './desired-container.ts';
import { settled } from '../loop/outcome.ts';
import { planCheckpointed } from './plan-checkpointed.ts';
import { planDeclared } from './plan-declared.ts';
import type { Plan } from './plan.ts';
import { doing, resting } from './plan-outline.ts';
import { planRunning } from './plan-running.ts';
import type { ContainerStep } from './step.ts';

/**
 * Says what is to be done to one container now. Pure: no I/O, no clock, no randomness. A plan with steps is followed by another
 * pass, which finds out from the host what came of it.
 */
export function planContainer(situation: ContainerSituation): Plan {
  const { desired, record } = situation;
  if (desired === null) return planRemoval(situation);
  if (record.state === 'Removing' && record.request !== null) {
    return doing(situation, 'recreate', removeSteps(situation, record.request), [
      { why: 'interrupted', verb: 'remove' },
    ]);
  }
  const declared = planDeclared(situation, desired);
  if (declared !== null) return declared;
  switch (desired.wanted) {
    case 'Running':
    case 'Paused':
      return planRunning(situation, desired);
    case 'Stopped':
      return planStopped(situation, desired);
    case 'Checkpointed':
      return planCheckpointed(situation, desired);
  }
}

function planRemoval(situation: ContainerSituation): Plan {
  const { record } = situation;
  const forget: ContainerStep = { kind: 'forget', container: record.name };
  const before = record.request === null ? [] : removeSteps(situation, record.request);
  return doing(situation, 'remove', [...before, forget], [{ why: 'deletion-requested' }]);
}

function planStopped(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const { record } = situation;
  const by = desired.wantedBy;
  const rest = settled({ why: 'stopped', by });
  if (!mayHaveProcess(record.state)) return resting(situation, rest);
  return stopping(situation, record.request, by);
}

function stopping(
  situation: ContainerSituation,
  request: ContainerRequest | null,
  by: DesiredContainer['wantedBy'],
): Plan {
  if (request === null) return resting(situation, settled({ why: 'stopped', by }));
  return doing(situation, 'stop', windDownSteps(situation, request), [
    { why: 'state-wanted', state: 'Stopped', by },
  ]);
}
