import {
  askCheckpoint,
  askRestore,
  type CheckpointRequest,
  type RestoreRequest,
} from './checkpoint/ask-checkpoint.ts';
import type { DataChange, DataName } from './data/data-manifests.ts';
import { Declarations } from './data/declarations.ts';
import type { Outcome } from './loop/outcome.ts';
import { createReconcileLoop, type ReconcileLoop } from './loop/reconcile-loop.ts';
import { settle, type SettleOptions, type SettleResult } from './loop/settle.ts';
import { interruptPulls } from './pass/interrupt-pulls.ts';
import { limitStarts } from './pass/limit-starts.ts';
import { noWishes, type PassDeps } from './pass/pass-deps.ts';
import { resetAfterReboot } from './pass/reset-after-reboot.ts';
import { followProbes } from './probe/follow-probes.ts';
import type { Prober } from './probe/prober.ts';
import type { Progress } from './progress.ts';
import type { Accepted, Reconciler, ReconcilerOptions } from './reconciler.ts';
import { keyOf, type ResourceName } from './resource-key.ts';
import { allResources, containersOf, membersOf, presentRecords } from './resources-on-record.ts';
import { acceptManifests, type Acceptance } from './wish/acceptance.ts';
import { act, type ActRequest } from './wish/act.ts';
import { planDry, type PlannedChange } from './wish/dry-plan.ts';
import type { AcceptOptions, OwnedManifest } from './wish/owned-manifest.ts';
import { requestDeletion, type DeletionOptions } from './wish/request-deletion.ts';
import { writeAcceptance } from './wish/write-acceptance.ts';

export function createReconciler(options: ReconcilerOptions): Reconciler {
  return new LoopingReconciler(options);
}

/** Wishes are written at once; what they lead to is for the loop, by key. */
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
      ...(await planDry(
        this.#deps,
        presentRecords(this.#deps.records),
        this.#acceptance(manifests, options),
      )),
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
    const found = await requestDeletion(this.#deps, names, options);
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
    const { clock, records } = this.#deps;
    const view = {
      ...this.#loop,
      clock,
      membersOf: (resource: ResourceName) => membersOf(records, resource),
    };
    return settle(view, resources, options);
  }

  wake(resources: readonly ResourceName[] = allResources(this.#deps.records)): void {
    for (const resource of resources) {
      this.#loop.put(keyOf(resource));
      for (const member of membersOf(this.#deps.records, resource)) this.#loop.put(keyOf(member));
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
    if (rebooted) await resetAfterReboot(this.#deps.records);
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
    return acceptManifests(manifests, presentRecords(this.#deps.records), {
      ...options,
      now: clock.now(),
      newId,
    });
  }

  #interruptPulls(resources: readonly ResourceName[]): void {
    for (const resource of resources) {
      for (const { name } of containersOf(this.#deps.records, resource)) this.#interruptPull(name);
    }
  }
}

function uniqueNames(names: readonly ResourceName[]): ResourceName[] {
  return [...new Map(names.map((name) => [keyOf(name), name])).values()];
}
