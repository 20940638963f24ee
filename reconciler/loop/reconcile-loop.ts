import type { Engine } from '../../engine/index.ts';
import { IllegalStateError } from '../../schemas/index.ts';
import { UnsoundPlanError } from '../plan/check-plan.ts';
import { passOverCheckpoint } from '../checkpoint/checkpoint-pass.ts';
import { passOverContainer } from '../pass/container-pass.ts';
import { PullInterruptedError } from '../pass/interrupt-pulls.ts';
import { describeFailure, explainFailure, isFinalFailure, reasonsOf } from '../pass/failure.ts';
import { createListeners } from '../listeners.ts';
import { createOutcomeBoard } from './outcome-board.ts';
import { againAfter, requeueAfter, stalled, type Outcome } from './outcome.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import { passOverPod } from '../pass/pod-pass.ts';
import type { Progress } from '../progress.ts';
import { keyOf, resourceOf, type ResourceKey, type ResourceName } from '../resource-key.ts';
import { recordOf } from '../resources-on-record.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

/** Keys worked on at the same time. Most of them wait for something; what costs is limited elsewhere (pass/limit-starts.ts). */
const PARALLELISM = 64;
/** First delay after a pass that failed, doubled each time up to the longest. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;

export interface ReconcileLoopOptions {
  engine: Pick<Engine, 'containers'>;
  onError: (error: unknown, key: ResourceKey | null) => void;
}

/** The queue, the passes and what wakes them. */
export interface ReconcileLoop {
  put: (key: ResourceKey) => void;
  isBusy: (key: ResourceKey) => boolean;
  outcomeOf: (key: ResourceKey) => Outcome | null;
  report: (progress: Progress) => void;
  onProgress: (listener: (progress: Progress) => void) => () => void;
  /** Calls back when the work on any key has ended. */
  onPass: (listener: () => void) => () => void;
  watchExits: () => Promise<void>;
  resyncEvery: (periodMs: number, resync: () => void) => void;
  stop: () => Promise<void>;
}

export function createReconcileLoop(deps: PassDeps, options: ReconcileLoopOptions): ReconcileLoop {
  const loop = new Loop(deps, options);
  return {
    put: (key) => {
      loop.queue.put(key);
    },
    isBusy: (key) => loop.queue.isBusy(key),
    outcomeOf: (key) => loop.board.get(key),
    report: (progress) => {
      loop.progress.tell(progress);
    },
    onProgress: (listener) => loop.progress.add(listener),
    onPass: (listener) => loop.passes.add(listener),
    watchExits: () => loop.watchExits(),
    resyncEvery: (periodMs, resync) => {
      loop.resyncEvery(periodMs, resync);
    },
    stop: () => loop.stop(),
  };
}

class Loop {
  readonly board = createOutcomeBoard();
  readonly progress;
  readonly passes;
  readonly queue: WorkQueue<ResourceKey>;
  readonly #deps: PassDeps;
  readonly #options: ReconcileLoopOptions;
  readonly #failures = new Map<ResourceKey, number>();
  /** When each resource changed last, in counts of changes: a wait that begins must not miss what came just before. */
  readonly #changedAt = new Map<ResourceKey, number>();
  #changes = 0;
  readonly #endOfChanges: () => void;
  #endOfExits: (() => Promise<void>) | null = null;
  #resyncTimer: unknown = null;

  constructor(deps: PassDeps, options: ReconcileLoopOptions) {
    this.#deps = deps;
    this.#options = options;
    const tellError = (error: unknown): void => {
      options.onError(error, null);
    };
    this.progress = createListeners<Progress>(tellError);
    this.passes = createListeners<undefined>(tellError);
    this.queue = createWorkQueue<ResourceKey>({
      clock: deps.clock,
      parallelism: PARALLELISM,
      work: (key, signal) => this.#work(key, signal),
      onError: (key, error) => {
        options.onError(error, key);
      },
      onDone: () => {
        this.passes.tell(undefined);
      },
    });
    this.#endOfChanges = deps.records.onChange((resource) => {
      this.#noteChange(resource);
    });
  }

  async watchExits(): Promise<void> {
    this.#endOfExits ??= await this.#options.engine.containers.watchExits((id) => {
      const record = this.#deps.records.containers.list().find(({ request }) => request?.id === id);
      if (record !== undefined) this.queue.put(keyOf({ kind: 'Container', name: record.name }));
    });
  }

  resyncEvery(periodMs: number, resync: () => void): void {
    const { clock } = this.#deps;
    this.#resyncTimer = clock.setTimeout(() => {
      resync();
      this.resyncEvery(periodMs, resync);
    }, periodMs);
  }

  async stop(): Promise<void> {
    if (this.#resyncTimer !== null) this.#deps.clock.clearTimeout(this.#resyncTimer);
    this.#endOfChanges();
    await this.#endOfExits?.();
    this.#endOfExits = null;
    await this.queue.stop();
  }

  async #work(key: ResourceKey, signal: AbortSignal): Promise<void> {
    const begunAt = this.#changes;
    const outcome = await this.#pass(key, signal);
    if (this.#isGone(key)) {
      this.board.forget(key);
      return;
    }
    this.board.set(key, outcome);
    const againAfterMs = againAfter(outcome);
    if (againAfterMs !== null) this.#comeBack(key, againAfterMs);
    if (outcome.kind !== 'waiting') return;
    if (outcome.for.some((awaited) => (this.#changedAt.get(keyOf(awaited)) ?? 0) > begunAt))
      this.queue.put(key);
  }

  #comeBack(key: ResourceKey, afterMs: number): void {
    if (afterMs === 0) this.queue.put(key);
    else this.queue.putAt(key, this.#deps.clock.now() + afterMs);
  }

  async #pass(key: ResourceKey, signal: AbortSignal): Promise<Outcome> {
    try {
      const outcome = await this.#passOver(key, signal);
      this.#failures.delete(key);
      return outcome;
    } catch (error) {
      return this.#afterFailure(key, error, signal);
    }
  }

  #passOver(key: ResourceKey, signal: AbortSignal): Promise<Outcome> {
    const { kind, name } = resourceOf(key);
    if (kind === 'Container') return passOverContainer(this.#deps, name, signal);
    if (kind === 'Checkpoint') return passOverCheckpoint(this.#deps, name, signal);
    return passOverPod(this.#deps, name, {
      signal,
      onMembersChanged: (members) => {
        for (const member of members) this.queue.put(keyOf({ kind: 'Container', name: member }));
      },
    });
  }

  #afterFailure(key: ResourceKey, error: unknown, signal: AbortSignal): Outcome {
    const message = explainFailure(error);
    const why = { why: 'step-failed', message, isFinal: isFinalFailure(error) } as const;
    // It was ended on purpose: the next daemon goes on, or the new wish does.
    if (signal.aborted || error instanceof PullInterruptedError)
      return requeueAfter(0, { why: 'steps-follow' });
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    // The container changed between the look and the step: look again.
    if (error instanceof IllegalStateError && failures === 1) return requeueAfter(0, { why: 'steps-follow' });
    this.progress.tell({
      resource: resourceOf(key),
      what: 'failed',
      detail: describeFailure(error),
      ...reasonsOf(error),
    });
    if (error instanceof UnsoundPlanError) {
      this.#options.onError(error, key);
      return stalled(why);
    }
    return requeueAfter(this.#retryDelayMs(key, failures), why);
  }

  /** The back-off on record, where there is one, or one of our own. */
  #retryDelayMs(key: ResourceKey, failures: number): number {
    const { kind, name } = resourceOf(key);
    const record = kind === 'Container' ? this.#deps.records.containers.get(name) : null;
    const until = record?.backoffUntil ?? null;
    const onRecordMs = until === null ? 0 : Date.parse(until) - this.#deps.clock.now();
    if (onRecordMs > 0) return onRecordMs;
    return Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures - 1, 20));
  }

  #isGone(key: ResourceKey): boolean {
    return recordOf(this.#deps.records, resourceOf(key)) === null;
  }

  #noteChange(resource: ResourceName): void {
    const key = keyOf(resource);
    this.#changes += 1;
    this.#changedAt.set(key, this.#changes);
    for (const waiter of this.board.waitersFor(key)) this.queue.put(waiter);
    const pod = this.#podOf(resource);
    if (pod !== null) this.queue.put(keyOf(pod));
    if (this.#isGone(key)) this.#changedAt.delete(key);
  }

  /** The pod of a member, also of one whose record has just gone. */
  #podOf({ kind, name }: ResourceName): ResourceName | null {
    const dot = name.indexOf('.');
    if (kind !== 'Container' || dot === -1) return null;
    const pod: ResourceName = { kind: 'Pod', name: name.slice(0, dot) };
    return this.#isGone(keyOf(pod)) ? null : pod;
  }
}
