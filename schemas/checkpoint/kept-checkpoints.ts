import type { KeptCheckpoint } from './checkpoint.ts';
import type { ContainerRecord } from '../record/record.ts';

type RecordedCheckpoints = Pick<ContainerRecord, 'checkpoint' | 'olderCheckpoints'>;

/** Every checkpoint that a container has, newest first. */
export function keptCheckpointsOf({ checkpoint, olderCheckpoints }: RecordedCheckpoints): KeptCheckpoint[] {
  return checkpoint === null ? olderCheckpoints : [checkpoint, ...olderCheckpoints];
}

/** How a record holds them; they come newest first. */
export function withKept(kept: readonly KeptCheckpoint[]): RecordedCheckpoints {
  return { checkpoint: kept[0] ?? null, olderCheckpoints: kept.slice(1) };
}
