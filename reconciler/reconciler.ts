import type { Engine } from '../engine/index.ts';
import { acceptManifests, type Acceptance } from './wish/acceptance.ts';
import type { AcceptOptions, OwnedManifest } from './wish/owned-manifest.ts';
import { act, NotFoundError, type ActRequest } from './wish/act.ts';
import {
  askCheckpoint,
  askRestore,
  type CheckpointRequest,
  type RestoreRequest,
} from './checkpoint/ask-checkpoint.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './event.ts';
import type { DataChange, DataName } from './data/data-manifests.ts';
import { Declarations } from './data/declarations.ts';
import { followProbes } from './probe/follow-probes.ts';
import type { Prober } from './probe/prober.ts';
import { planDry, type PlannedChange } from './wish/dry-plan.ts';
import { interruptPulls } from './pass/interrupt-pulls.ts';
import { limitStarts } from './pass/limit-starts.ts';
import type { Outcome } from './loop/outcome.ts';
import { OwnershipError } from './wish/ownership.ts';
import { noWishes, type PassDeps } from './pass/pass-deps.ts';
import type { Progress } from './progress.ts';
import { createReconcileLoop, type ReconcileLoop } from './loop/reconcile-loop.ts';
import type { RecordEditor } from './pass/record-editor.ts';
import { resetAfterReboot } from './pass/reset-after-reboot.ts';
import { keyOf, type ResourceKey, type ResourceName } from './resource-key.ts';
import { settle, type SettleOptions, type SettleResult } from './loop/settle.ts';
import type { StepRunner } from './pass/step-runner.ts';
import { markForDeletion, writeAcceptance } from './wish/write-acceptance.ts';

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

export interface DeletionOptions {
  /** Names that do not exist are no error. */
  ignoreMissing: boolean;
  /** Kills at once in place of stopping, and deletes what another source owns as well. */
  force: boolean;
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

export function createReconciler(options: ReconcilerOptions): Reconciler {
  return new LoopingReconciler(options);
}

class LoopingReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #deps: PassDeps;
  readonly #loop: ReconcileLoop;
  readonly #interruptPull: (container: string) => void;
  readonly #prober: Prober;
  readonly #declarations: Declarations;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const pulls = interruptPulls(limitStarts(options.runner, options.startsAtOnce ?? 8));
    this.#interruptPull = pulls.interrupt;
    this.#deps = {
      engine: options.engine,
      records: options.records,
      runner: pulls.runner,
      clock: options.clock,
      newId: options.newId,
      report: (progress) => {
        this.#loop.report(progress);
      },
      wake: (resource) => {
        this.#loop.put(keyOf(resource));
      },
      wishes: noWishes(),
    };
    this.#loop = createReconcileLoop(this.#deps, options);
    this.#prober = followProbes(this.#deps, this.#loop, options);
    this.#declarations = new Declarations(options.engine, options.records);
  }

  async accept(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<Accepted> {
    const acceptance = this.#acceptance(manifests, options);
    // First the data: containers are made with it.
    const data = await this.#declarations.accept(manifests, options);
    const changed = await writeAcceptance(this.#deps, acceptance, options.source);
    const named = [
      ...acceptance.containers.map(({ record }): ResourceName => ({ kind: 'Container', name: record.name })),
      ...acceptance.pods.map(({ record }): ResourceName => ({ kind: 'Pod', name: record.name })),
      ...acceptance.checkpoints.map(({ record }): ResourceName => ({
        kind: 'Checkpoint',
        name: record.name,
      })),
    ];
    this.#interruptPulls([...changed, ...acceptance.dropped]);
    const users = await this.#declarations.usersOf(data);
    return {
      resources: uniqueNames([...named, ...acceptance.dropped, ...users]),
      data,
      changed,
      dropped: acceptance.dropped,
      conflicts: acceptance.conflicts,
    };
  }

  async plan(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<PlannedChange[]> {
    return [
      ...(await this.#declarations.plan(manifests, options)),
      ...(await planDry(this.#deps, this.#present(), this.#acceptance(manifests, options))),
    ];
  }

  checkDataRemoval(
    names: readonly DataName[],
    options: { force: boolean; leaving: readonly ResourceName[] },
  ): Promise<void> {
    return this.#declarations.checkRemoval(names, options);
  }

  requestDataRemoval(names: readonly DataName[], options: { force: boolean }): Promise<DataChange[]> {
    return this.#declarations.remove(names, options);
  }

  reapVolumes(): Promise<void> {
    return this.#declarations.reap();
  }

  async requestDeletion(names: readonly ResourceName[], options: DeletionOptions): Promise<ResourceName[]> {
    const found: ResourceName[] = [];
    for (const resource of names) {
      const record = this.#record(resource);
      if (record === null) {
        if (options.ignoreMissing) continue;
        throw new NotFoundError('delete', resource);
      }
      if (record.owner.source !== 'apply' && !options.force) {
        throw new OwnershipError('delete', resource, record.owner);
      }
      found.push(resource);
    }
    for (const resource of found) {
      if (options.force) {
        for (const { name } of this.#containersOf(resource)) this.#deps.wishes.stopTimeoutsMs.set(name, 0);
      }
    }
    await markForDeletion(this.#deps, found);
    this.#interruptPulls(found);
    return found;
  }

  async act(request: ActRequest): Promise<void> {
    await act(this.#deps, request);
    if (request.verb !== 'kill') this.#interruptPulls(request.names);
  }

  checkpoint(request: CheckpointRequest): Promise<void> {
    return askCheckpoint(this.#deps, request);
  }

  restore(request: RestoreRequest): Promise<void> {
    return askRestore(this.#deps, request);
  }

  async settle(resources: readonly ResourceName[], options: SettleOptions): Promise<SettleResult> {
    // What is waited for comes from processes that end, and from probes.
    if (options.waitMs !== null) await this.watch();
    const membersOf = (resource: ResourceName): ResourceName[] => this.#membersOf(resource);
    return settle({ ...this.#loop, clock: this.#deps.clock, membersOf }, resources, options);
  }

  wake(resources: readonly ResourceName[] = this.#all()): void {
    for (const resource of resources) {
      this.#loop.put(keyOf(resource));
      for (const member of this.#membersOf(resource)) this.#loop.put(keyOf(member));
    }
  }

  outcomeOf(resource: ResourceName): Outcome | null {
    return this.#loop.outcomeOf(keyOf(resource));
  }

  onProgress(listener: (progress: Progress) => void): () => void {
    return this.#loop.onProgress(listener);
  }

  async watch(): Promise<void> {
    await this.#loop.watchExits();
    this.#prober.start();
  }

  async start({ rebooted }: { rebooted: boolean }): Promise<void> {
    if (rebooted) await resetAfterReboot(this.#options.records);
    await this.watch();
    this.wake();
    this.#loop.onPass(() => {
      this.#declarations.reap().catch((error: unknown) => {
        this.#options.onError(error, null);
      });
    });
    this.#loop.resyncEvery(this.#options.resyncMs ?? 60_000, () => {
      this.wake();
    });
  }

  stop(): Promise<void> {
    this.#prober.stop();
    return this.#loop.stop();
  }

  #acceptance(manifests: readonly OwnedManifest[], options: AcceptOptions): Acceptance {
    const { clock, newId } = this.#deps;
    return acceptManifests(manifests, this.#present(), { ...options, now: clock.now(), newId });
  }

  #present() {
    const { containers, pods, checkpoints } = this.#options.records;
    return { containers: containers.list(), pods: pods.list(), checkpoints: checkpoints.list() };
  }

  #record({ kind, name }: ResourceName) {
    const { containers, pods, checkpoints } = this.#options.records;
    const collections = { Container: containers, Pod: pods, Checkpoint: checkpoints };
    return collections[kind].get(name);
  }

  #all(): ResourceName[] {
    const { containers, pods, checkpoints } = this.#present();
    return [...pods, ...containers, ...checkpoints].map(({ kind, name }) => ({ kind, name }));
  }

  #membersOf(resource: ResourceName): ResourceName[] {
    return resource.kind === 'Pod' ? this.#containersOf(resource) : [];
  }

  #containersOf(resource: ResourceName): ResourceName[] {
    if (resource.kind === 'Container') return [resource];
    if (resource.kind === 'Checkpoint') return [];
    return this.#options.records.containers
      .list()
      .filter((record) => record.pod === resource.name)
      .map(({ name }) => ({ kind: 'Container', name }));
  }

  #interruptPulls(resources: readonly ResourceName[]): void {
    for (const resource of resources) {
      for (const { name } of this.#containersOf(resource)) this.#interruptPull(name);
    }
  }
}

function uniqueNames(names: readonly ResourceName[]): ResourceName[] {
  return [...new Map(names.map((name) => [keyOf(name), name])).values()];
}
