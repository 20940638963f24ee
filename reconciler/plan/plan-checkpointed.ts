import { checkpointStep, exportSteps } from '../checkpoint/checkpoint-wish.ts';
import { isAlive, mayHaveProcess, type ContainerSituation } from './container-situation.ts';
import { windDownSteps } from './container-steps.ts';
import type { DesiredContainer } from './desired-container.ts';
import { settled } from '../loop/outcome.ts';
import type { Plan } from './plan.ts';
import { doing, resting } from './plan-outline.ts';

/** The plan for a container whose memory is wanted on disk. What has no process has no memory, and stays as it is. */
export function planCheckpointed(situation: ContainerSituation, desired: DesiredContainer): Plan {
  const { record, checkpointAsked } = situation;
  const present = record.request;
  const by = desired.wantedBy;
  if (present === null || !mayHaveProcess(record.state)) {
    const isSaved = record.state === 'Checkpointed';
    const exports = present === null || !isSaved ? [] : exportSteps(present, checkpointAsked);
    if (exports.length > 0) return doing(situation, 'checkpoint', exports, [{ why: 'export-asked-for' }]);
    return resting(
      situation,
      settled(isSaved ? { why: 'checkpointed', by } : { why: 'nothing-to-checkpoint', by }),
    );
  }
  if (!isAlive(record.state)) {
    return doing(situation, 'stop', windDownSteps(situation, present), [
      { why: 'interrupted', verb: 'stop' },
    ]);
  }
  const step = checkpointStep({ request: present, record }, desired.spec, {
    then: 'stop',
    by: checkpointAsked?.by ?? by,
    wish: checkpointAsked,
  });
  const cleanup = { kind: 'cleanup', container: record.name, request: present } as const;
  return doing(
    situation,
    'checkpoint',
    [step, cleanup, ...exportSteps(present, checkpointAsked)],
    [{ why: 'state-wanted', state: 'Checkpointed', by }],
  );
}
