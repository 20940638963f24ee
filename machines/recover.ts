import type { CheckpointDetails, ContainerObservation } from '../engine/index.ts';
import type { ContainerRecord } from '../schemas/index.ts';
import { recoverMemory } from './recover-memory.ts';
import { recoverState, type Recovery } from './recover-state.ts';

/**
 * Makes a record agree with what was seen on the host. An intent that a crash left behind is cleared: every verb of the engine
 * may be repeated, so the next plan finishes what was begun, or takes it back, from what is there. The exceptions stay visible in
 * the state: a stop that had begun is Stopping, a removal Removing.
 * `found` are the complete checkpoints on disk, of interest when it was being saved or brought back.
 */
export function recoverRecord(
  record: ContainerRecord,
  observation: ContainerObservation,
  now: number,
  found: readonly CheckpointDetails[] = [],
): Recovery {
  if (record.intent?.verb === 'checkpoint' || record.intent?.verb === 'restore') {
    return recoverMemory(record, observation, { now, found });
  }
  return recoverState(record, observation, now);
}
