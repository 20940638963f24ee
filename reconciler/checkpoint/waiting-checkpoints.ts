import { checkpointTarget, type DeclaredCheckpointRecord } from '../../schemas/index.ts';
import { holding } from './checkpoint-status.ts';
import type { ResourceName } from '../resource-key.ts';

/** Manifests of kind Checkpoint that are not done with one of these containers, or of the containers of these pods. */
export function waitingCheckpoints(
  checkpoints: readonly DeclaredCheckpointRecord[],
  resources: readonly ResourceName[],
): ResourceName[] {
  const named = new Set(resources.map(({ kind, name }) => `${kind} ${name}`));
  return checkpoints
    .filter((record) => record.status.completedAt === null && holding(record, 'Failed') === null)
    .filter(({ name }) => !named.has(`Checkpoint ${name}`))
    .filter(({ manifest: { spec } }) => {
      const isOfPod = spec.pod !== undefined && named.has(`Pod ${spec.pod}`);
      return isOfPod || named.has(`Container ${checkpointTarget(spec)}`);
    })
    .map(({ name }) => ({ kind: 'Checkpoint', name }));
}
