/**
 * Decides what is to be done next: sources, desired and observed state, plans, the queue, ownership, probes. It never touches the
 * host itself: what is to be done goes to a `StepRunner`, and from the engine it only learns.
 */
export type { AcceptOptions, OwnedManifest } from './owned-manifest.ts';
export { BadRequestError, NotFoundError, type ActRequest } from './act.ts';
export { backoffOf, countFailure, delayAfterErrorMs, delayAfterExitMs, type Backoff } from './backoff.ts';
export { placeOf } from './checkpoint-product.ts';
export type { CheckpointRequest, RestoreTarget } from './ask-checkpoint.ts';
export { checkpointAllowances, type CheckpointWish } from './checkpoint-wish.ts';
export { isoTime, systemClock, type Clock } from './clock.ts';
export type { DataChange, DataName } from './data-manifests.ts';
export { DataOwnershipError } from './data-manifests.ts';
export { VolumeInUseError } from './volume-manifests.ts';
export { volumesInUse } from './volume-users.ts';
export { DependencyCycleError } from './dependency-cycle.ts';
export type { PlannedChange } from './dry-plan.ts';
export { createEventBus, EVENT_TYPES, type EventBus, type EventType, type ResourceEvent } from './event.ts';
export { expandPod, memberRecordName, type PodMember } from './expand-pod.ts';
export { explainFailure } from './failure.ts';
export type { Outcome } from './outcome.ts';
export { describeOwner, OwnershipError } from './ownership.ts';
export type { Plan, PlannedAction } from './plan.ts';
export { decideByPolicy } from './plan-ended.ts';
export { formatReason, type PlanReason } from './plan-reason.ts';
export type { Progress } from './progress.ts';
export { resetAfterReboot } from './reset-after-reboot.ts';
export {
  createReconciler,
  type Accepted,
  type DeletionOptions,
  type Reconciler,
  type ReconcilerOptions,
} from './reconciler.ts';
export { createRecordEditor, type EditableCollection, type RecordEditor } from './record-editor.ts';
export { keyOf, resourceOf, type ResourceKey, type ResourceName } from './resource-key.ts';
export type { SettledResource, SettleOptions, SettleResult } from './settle.ts';
export type * from './step.ts';
export type * from './step-runner.ts';
export {
  createDirectorySource,
  type DirectorySource,
  type DirectorySourceOptions,
} from './source/directory-source.ts';
export type { DirectoryWish } from './source/manifest-files.ts';
export { waitingCheckpoints } from './waiting-checkpoints.ts';
