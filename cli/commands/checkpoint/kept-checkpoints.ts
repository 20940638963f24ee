import type { ContainerRecord, KeptCheckpoint } from '../../../schemas/index.ts';
import type { ResourceView } from '../../api/service.ts';

/** A container with the checkpoint that it has. */
export interface Kept {
  name: string;
  record: ContainerRecord;
  checkpoint: KeptCheckpoint;
}

/** Of containers, and of the members of pods. */
export function keptCheckpoints(views: readonly ResourceView[]): Kept[] {
  return views
    .flatMap(({ record, members }) => (record.kind === 'Container' ? [record] : members))
    .flatMap((record) =>
      record.checkpoint === null ? [] : [{ name: record.name, record, checkpoint: record.checkpoint }],
    );
}
