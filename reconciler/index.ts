/**
 * Decides what is to be done next: sources, desired and observed state, plans, the queue, ownership, probes. It never touches the
 * host itself: what is to be done goes to a `StepRunner`, and from the engine it only learns.
 */
export type { AcceptOptions, OwnedManifest } from './wish/owned-manifest.ts';
export { BadRequestError, NotFoundError, type ActRequest } from './wish/act.ts';
export {
  backoffOf,
  countFailure,
  delayAfterErrorMs,
  delayAfterExitMs,
  type Backoff,
} from './plan/backoff.ts';
export { placeOf } from './checkpoint/checkpoint-product.ts';
export type { CheckpointRequest, RestoreTarget } from './checkpoint/ask-checkpoint.ts';
export { ALLOWANCE_FLAGS, checkpointAllowances, type CheckpointWish } from './checkpoint/checkpoint-wish.ts';
export { isoTime, systemClock, type Clock } from './clock.ts';
export type { DataChange, DataName } from './data/data-manifests.ts';
export { DataOwnershipError } from './data/data-manifests.ts';
export { VolumeInUseError } from './data/volume-manifests.ts';
export { volumesInUse } from './data/volume-users.ts';
export { DependencyCycleError } from './plan/dependency-cycle.ts';
export type { PlannedChange } from './wish/dry-plan.ts';
export { createEventBus, EVENT_TYPES, type EventBus, type EventType, type ResourceEvent } from './event.ts';
export { expandPod, memberRecordName, type PodMember } from './plan/expand-pod.ts';
export { explainFailure } from './pass/failure.ts';
export type { Outcome } from './loop/outcome.ts';
export { describeOwner, OwnershipError } from './wish/ownership.ts';
export type { Plan, PlannedAction } from './plan/plan.ts';
export { decideByPolicy } from './plan/plan-ended.ts';
export { formatReason, type PlanReason } from './plan/plan-reason.ts';
export type { Progress } from './progress.ts';
export { resetAfterReboot } from './pass/reset-after-reboot.ts';
export { createReconciler } from './looping-reconciler.ts';
export type { Accepted, Reconciler, ReconcilerOptions } from './reconciler.ts';
export type { DeletionOptions } from './wish/request-deletion.ts';
export { createRecordEditor, type EditableCollection, type RecordEditor } from './pass/record-editor.ts';
export { keyOf, resourceOf, type ResourceKey, type ResourceName } from './resource-key.ts';
export type { SettledResource, SettleOptions, SettleResult } from './loop/settle.ts';
export type * from './plan/step.ts';
export type * from './pass/step-runner.ts';
export {
  createDirectorySource,
  type DirectorySource,
  type DirectorySourceOptions,
} from './source/directory-source.ts';
export type { DirectoryWish } from './source/manifest-files.ts';
export { waitingCheckpoints } from './checkpoint/waiting-checkpoints.ts';
