import type { Engine } from '../engine/index.ts';
import type { CheckpointRequest, RestoreRequest } from './checkpoint/ask-checkpoint.ts';
import type { Clock } from './clock.ts';
import type { DataChange, DataName } from './data/data-manifests.ts';
import type { EventBus } from './event.ts';
import type { Outcome } from './loop/outcome.ts';
import type { SettleOptions, SettleResult } from './loop/settle.ts';
import type { RecordEditor } from './pass/record-editor.ts';
import type { StepRunner } from './pass/step-runner.ts';
import type { Progress } from './progress.ts';
import type { ResourceKey, ResourceName } from './resource-key.ts';
import type { ActRequest } from './wish/act.ts';
import type { PlannedChange } from './wish/dry-plan.ts';
import type { AcceptOptions, OwnedManifest } from './wish/owned-manifest.ts';
import type { OwnershipError } from './wish/ownership.ts';
import type { DeletionOptions } from './wish/request-deletion.ts';

export interface ReconcilerOptions {
  engine: Pick<Engine, 'images' | 'containers' | 'data' | 'volumes'>;
  records: RecordEditor;
  runner: StepRunner;
  events: EventBus;
  clock: Clock;
  /** 64 hexadecimal digits, never the same twice. */
  newId: () => string;
  /** Told of what went wrong inside of tsctr itself; what goes wrong with a resource stands in its record. */
  onError: (error: unknown, key: ResourceKey | null) => void;
  /** Containers created or started at the same time. Default: 8. */
  startsAtOnce?: number;
  /** Everything is looked at anew so often, in milliseconds, whatever was or was not heard. Default: a minute. */
  resyncMs?: number;
}

/** Keeps resources as their manifests say. */
export interface Reconciler {
  /** Writes the wishes, durably. Nothing is done to the host before `settle` or `wake`. Throws when they are refused as a whole. */
  accept(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<Accepted>;
  /** What accepting the manifests would lead to. Changes nothing. */
  plan(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<PlannedChange[]>;
  /** Marks resources for deletion; returns those that exist. */
  requestDeletion(names: readonly ResourceName[], options: DeletionOptions): Promise<ResourceName[]>;
  /** Throws where `requestDataRemoval` would once these resources are gone: because of an owner, or of who uses a volume. */
  checkDataRemoval(
    names: readonly DataName[],
    options: { force: boolean; leaving: readonly ResourceName[] },
  ): Promise<void>;
  /** Removes config maps and secrets at once, containers keep what they were made with; of volumes, what their manifest says. */
  requestDataRemoval(names: readonly DataName[], options: { force: boolean }): Promise<DataChange[]>;
  /** Removes the volumes that are to go with their data and that nothing uses any more. */
  reapVolumes(): Promise<void>;
  /** Notes what a person asks of containers and pods. A signal is sent at once. */
  act(request: ActRequest): Promise<void>;
  /** Notes that containers are to be saved once: `settle` or `wake` does it. */
  checkpoint(request: CheckpointRequest): Promise<void>;
  /** Notes that containers are to go on from their kept checkpoints, or one of them out of an archive. */
  restore(request: RestoreRequest): Promise<void>;
  /** Has resources looked at, and waits. */
  settle(resources: readonly ResourceName[], options: SettleOptions): Promise<SettleResult>;
  /** Has resources looked at soon; all of them when none is named. */
  wake(resources?: readonly ResourceName[]): void;
  /** How the last pass ended: null when there was none, or when the resource is gone. */
  outcomeOf(resource: ResourceName): Outcome | null;
  onProgress(listener: (progress: Progress) => void): () => void;
  /** Listens for processes that end, so that waiting works without a daemon; touches nothing by itself. */
  watch(): Promise<void>;
  /** Becomes the daemon's loop: watches, adopts what is on record, and resyncs. */
  start(options: { rebooted: boolean }): Promise<void>;
  /** Takes nothing more and waits for what is under way. Containers go on. */
  stop(): Promise<void>;
}

/** What accepting manifests has come to. */
export interface Accepted {
  /** All that has to be looked at: what the manifests name, and what was dropped. */
  resources: readonly ResourceName[];
  changed: readonly ResourceName[];
  dropped: readonly ResourceName[];
  /** What became of config maps and secrets. */
  data: readonly DataChange[];
  conflicts: readonly OwnershipError[];
}
