/**
 * Does one thing to one container, pod, volume, image or network when told. It never decides what should be, never reads
 * manifests, and starts nothing by itself.
 */
export { createEngine } from './create-engine.ts';
export type { EngineOptions } from './create-engine.ts';
export type * from './access.ts';
export { inspectCheckpoint, suggestManifestFor } from './checkpoint/inspect/inspect-checkpoint.ts';
export type * from './checkpoint/inspect/inspection.ts';
export type { RetentionPolicy } from './checkpoint/kept/retention.ts';
export { formatPreflight } from './checkpoint/preflight/preflight-text.ts';
export type { PreflightReport } from './checkpoint/preflight/find-obstacles.ts';
export type * from './contract/checkpoint-allowances.ts';
export type * from './contract/checkpoint-archive.ts';
export type * from './contract/checkpoint-details.ts';
export type * from './contract/checkpoint-options.ts';
export type * from './contract/container-engine.ts';
export type * from './contract/data-engine.ts';
export type * from './contract/effects.ts';
export type * from './contract/engine.ts';
export type * from './contract/host-facts.ts';
export type * from './contract/image-engine.ts';
export type * from './contract/pod-engine.ts';
export type * from './contract/volume-engine.ts';
export type { GivenData, SpecPreview } from './container/preview-spec.ts';
export type { ExplainedPart } from './spec/explain-spec.ts';
export { EngineError } from './engine-error.ts';
export type { EngineErrorCode } from './engine-error.ts';
export { deleteContainer, openBundleParts } from './bundle/bundle-runtime.ts';
export type { BundleParts } from './bundle/bundle-runtime.ts';
export { checkpointBundle } from './bundle/checkpoint-bundle.ts';
export type { BundleCheckpointOptions } from './bundle/checkpoint-bundle.ts';
export { restoreBundle } from './bundle/restore-bundle.ts';
export type { BundleRestoreOptions } from './bundle/restore-bundle.ts';
export { createHostPaths } from './host-paths.ts';
export type { HostPaths } from './host-paths.ts';
export { openRecordStore } from './store/durable-record-store.ts';
export type * from './store/record-store.ts';
export { replaceFile } from './store/replace-file.ts';
export { lockFile, lockRoot, tryLockFile } from './store/root-lock.ts';
export type { RootLock } from './store/root-lock.ts';
