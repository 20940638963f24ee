import { checkpointTarget, type DeclaredCheckpointRecord } from '../../schemas/index.ts';
import { holding } from './checkpoint-status.ts';
import type { PlannedAction } from '../plan/plan.ts';

/** What would be done for a manifest of kind Checkpoint. `present`: its record as it is; null: there is none. */
export function planCheckpointDry(
  after: DeclaredCheckpointRecord,
  present: DeclaredCheckpointRecord | null,
): { action: PlannedAction; reasons: string[] } {
  const { spec } = after.manifest;
  if (after.deletionRequestedAt !== null) return { action: 'remove', reasons: [whatGoes(after)] };
  if (after.status.completedAt !== null) {
    const isSame = present?.manifest.spec.reclaimPolicy === spec.reclaimPolicy;
    if (isSame) return { action: 'none', reasons: ['is complete'] };
    return { action: 'in place', reasons: [`spec.reclaimPolicy: ${spec.reclaimPolicy}`] };
  }
  const target = `container/${checkpointTarget(spec)}`;
  const fate = spec.leaveRunning ? `${target} is saved, and goes on` : `${target} is saved, and ends`;
  const why =
    present === null
      ? 'does not exist yet'
      : present.generation === after.generation
        ? (holding(present, 'Failed')?.message ?? 'is not complete yet')
        : 'spec has changed';
  return { action: 'checkpoint', reasons: [why, fate] };
}

function whatGoes({ manifest, status }: DeclaredCheckpointRecord): string {
  const isMade = status.saved !== null || status.product !== null;
  if (!isMade) return 'is to be deleted';
  return manifest.spec.reclaimPolicy === 'Delete'
    ? 'is to be deleted, with what it has made'
    : 'is to be deleted; what it has made stays';
}
