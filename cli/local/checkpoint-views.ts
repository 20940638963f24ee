import { keptCheckpointsOf } from '../../schemas/index.ts';
import type { DeclaredCheckpointRecord } from '../../schemas/index.ts';
import type { DeclaredCheckpointView } from '../api/checkpoint-service.ts';
import type { Instance } from './instance.ts';

/** The manifests of kind Checkpoint as `get checkpoints` shows them. */
export function viewCheckpoints({ records }: Pick<Instance, 'records'>): DeclaredCheckpointView[] {
  return records.checkpoints.list().map((record) => ({ record, isThere: isThere(records, record) }));
}

/** It went with the instance that it was of, or somebody has removed it. */
function isThere({ containers }: Instance['records'], { id, status }: DeclaredCheckpointRecord): boolean {
  const container = status.saved === null ? null : containers.get(status.saved.container);
  if (container === null) return false;
  return keptCheckpointsOf(container).some(
    (kept) => kept.declared?.id === id && kept.id === status.saved?.number,
  );
}
