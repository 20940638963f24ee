import type { ContainerRecord } from '../../schemas/index.ts';
import { isAlive, mayHaveProcess } from '../plan/container-situation.ts';
import type { DesiredContainer } from '../plan/desired-container.ts';
import { decideByPolicy } from '../plan/plan-ended.ts';
import { changesOf } from '../plan/plan-remake.ts';

/** True when the record says that nothing is left to be done. The host may know better: only a pass finds out. */
export function isAsWished(record: ContainerRecord, desired: DesiredContainer | null): boolean {
  if (desired === null || record.intent !== null) return false;
  if (desired.wanted === 'Stopped') return !mayHaveProcess(record.state) && record.state !== 'Stopped';
  if (desired.wanted === 'Checkpointed') return !mayHaveProcess(record.state) && record.state !== 'Stopped';
  if (record.request === null || changesOf(record.request, desired).length > 0) return false;
  if (desired.wanted === 'Paused') return record.state === 'Paused';
  if (isAlive(record.state)) return record.state !== 'Paused' && record.ready;
  const over = record.exit === null ? null : decideByPolicy(record.exit, desired.spec.restartPolicy);
  return over !== null && record.state === 'Exited';
}
