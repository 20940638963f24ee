import type { ContainerObservation } from '../engine/index.ts';
import type { ContainerRecord, ContainerState } from '../schemas/index.ts';
import { EffectJournal, type ContainerEffectDeps } from './effect-journal.ts';
import { MemoryEffects } from './memory-effects.ts';
import { outrun } from './memory-record.ts';
import { observeInstance, waitForExitFile } from './observe-instance.ts';
import type { OperationOf } from './operation.ts';
import { recoverRecord } from './recover.ts';
import { endRun, isReadyAtStart, type Recovery } from './recover-state.ts';

/**
 * What is done to one container. Each effect writes its intent durably, then acts, then writes what came of it; so whoever finds
 * the record after a crash knows what may be half done.
 */
export class ContainerEffects {
  readonly #deps: ContainerEffectDeps;
  readonly #journal: EffectJournal;
  readonly #busy = new Set<string>();
  readonly memory: MemoryEffects;

  constructor(deps: ContainerEffectDeps) {
    this.#deps = deps;
    this.#journal = new EffectJournal(deps);
    this.memory = new MemoryEffects(deps, this.#journal, this.#busy);
  }

  stateOf(container: string): ContainerState {
    return this.#journal.read(container).state;
  }

  /** Before a start that follows its creation: the intent is on record already, and is not taken for one that a crash has left. */
  async recoverCreated(container: string): Promise<ContainerRecord | null> {
    const record = this.#deps.records.containers.get(container);
    if (record === null) return null;
    const { status } = await observeInstance(this.#deps, record.request);
    if (status === 'created' && this.#isToStart(container)) return record;
    return (await this.recover(container))?.record ?? null;
  }

  #isToStart(container: string): boolean {
    return this.#journal.read(container).intent?.verb === 'start';
  }

  async recover(
    container: string,
  ): Promise<{ record: ContainerRecord; observation: ContainerObservation } | null> {
    const { records, clock } = this.#deps;
    const before = records.containers.get(container);
    if (before === null) return null;
    const { observation, found } = await this.#lookAt(before);
    // A signal or a command past the queue: what is under way is not its business.
    if (this.#busy.has(container)) return { record: before, observation };
    let happened: Recovery['happened'] = [];
    const record = await records.containers.edit(container, (present) => {
      // Another instance by now: what was seen says nothing of it.
      if (present.request?.id !== before.request?.id) return present;
      const recovery = recoverRecord(present, observation, clock.now(), found);
      happened = recovery.happened;
      return recovery.record;
    });
    if (record === null) return null;
    for (const { type, attributes } of happened) this.#journal.emit(type, record, before.request, attributes);
    return { record, observation };
  }

  /** Finishes or takes back a checkpoint that a crash interrupted, and looks at the host then. */
  async #lookAt(record: ContainerRecord) {
    const { request, intent, name } = record;
    const { containers } = this.#deps.engine;
    if (request !== null && intent?.verb === 'export' && intent.file !== undefined && !this.#busy.has(name)) {
      await containers.settleExport(request, intent.file);
    }
    const touchesMemory = intent?.verb === 'checkpoint' || intent?.verb === 'restore';
    if (request === null || !touchesMemory || this.#busy.has(name)) {
      return { observation: await observeInstance(this.#deps, request), found: [] };
    }
    await containers.settleCheckpoint(request);
    const observation = await observeInstance(this.#deps, request);
    const found = await containers.listCheckpoints(request);
    const isAlive = observation.status === 'running' || observation.status === 'paused';
    // It has become the run: the files go their way without it.
    if (intent.verb === 'restore' && isAlive) {
      for (const { id, repeatable } of found) if (!repeatable) await containers.removeCheckpoint(request, id);
    }
    return { observation, found };
  }

  async create(operation: OperationOf<'create'>, signal: AbortSignal): Promise<void> {
    const { container, request } = operation;
    const before = this.#journal.read(container);
    await this.#journal.intend(container, 'create', (record) => ({
      ...record,
      request,
      // Already here: where it fails, the next try is still the same restart.
      restartCount: operation.restartCount,
      pid: null,
      startedAt: null,
      previousExit: record.exit ?? record.previousExit,
      exit: null,
    }));
    await this.#journal.attempt(
      container,
      signal,
      () => this.#deps.engine.containers.create(request, { signal }),
      before,
    );
    await this.#journal.concludeCreate(container);
    this.#journal.emit(
      'init',
      before,
      request,
      request.image === null ? {} : { image: request.image.reference },
    );
  }

  async start(operation: OperationOf<'start'>, signal: AbortSignal): Promise<void> {
    const { container, request, followsCreate } = operation;
    if (!(followsCreate && this.#isToStart(container))) await this.#journal.intend(container, 'start');
    const { pid } = await this.#journal.attempt(container, signal, () =>
      this.#deps.engine.containers.start(request, { signal }),
    );
    const running = (present: ContainerRecord): ContainerRecord => ({
      ...present,
      state: 'Running',
      pid,
      startedAt: this.#journal.now(),
      ready: isReadyAtStart(present),
      lastError: null,
      backoffUntil: null,
      hasRun: true,
      ...beginAnew(present),
    });
    const record = await this.#journal.concludeSoon(container, running, { isLast: true });
    this.#journal.emit('start', record, request, { pid: String(pid) });
    if (record.restartCount > 0) {
      this.#journal.emit('restart', record, request, { restartCount: String(record.restartCount) });
    }
  }

  async stop(operation: OperationOf<'stop'>, signal: AbortSignal): Promise<void> {
    const { container, request, signalNumber, timeoutMs, isFailure } = operation;
    const ranBefore = this.#journal.read(container).state !== 'Created';
    await this.#journal.intend(container, 'stop', (record) => ({ ...record, state: 'Stopping' }));
    const exit = await this.#journal.attempt(container, signal, async () => {
      await this.#deps.engine.containers.stop(request, { signalNumber, timeoutMs, signal });
      if (!ranBefore) return null;
      const unknown = { code: -1, finishedAt: this.#journal.now(), oomKilled: false };
      return (await waitForExitFile(this.#deps, request)) ?? unknown;
    });
    // Before its exit file goes, the intent of the cleanup is on disk, and this with it.
    const record = await this.#journal.concludeSoon(container, (present) => ({
      ...(exit === null ? { ...present, pid: null } : endRun(present, exit, { isFailure })),
      state: 'Stopped',
    }));
    this.#journal.emit('stop', record, request, {});
    if (exit !== null) this.#journal.emit('died', record, request, { exitCode: String(exit.code) });
  }

  /** The stop ends quietly, and says why. */
  noteStopRace({ container, request }: OperationOf<'stop'>): void {
    this.#journal.emit('stop', this.#journal.read(container), request, {
      reason: 'its process had ended already',
    });
  }

  async kill(operation: OperationOf<'kill'>): Promise<void> {
    const request = this.#journal.request(operation.container);
    await this.#deps.engine.containers.signal(request, operation.signalNumber);
  }

  async pause({ container, request }: OperationOf<'pause'>): Promise<void> {
    await this.#journal.intend(container, 'pause');
    await this.#journal.attempt(container, undefined, () => this.#deps.engine.containers.pause(request));
    const record = await this.#journal.conclude(container, (present) => ({ ...present, state: 'Paused' }));
    this.#journal.emit('pause', record, request, {});
  }

  async resume({ container, request }: OperationOf<'resume'>): Promise<void> {
    await this.#journal.intend(container, 'resume');
    await this.#journal.attempt(container, undefined, () => this.#deps.engine.containers.resume(request));
    const record = await this.#journal.conclude(container, (present) => ({ ...present, state: 'Running' }));
    this.#journal.emit('unpause', record, request, {});
  }

  async update({ container, request }: OperationOf<'update'>): Promise<void> {
    await this.#journal.intend(container, 'update');
    await this.#journal.attempt(container, undefined, () => this.#deps.engine.containers.update(request));
    const record = await this.#journal.conclude(container, (present) => ({ ...present, request }));
    this.#journal.emit('update', record, request, {});
  }

  async exec({ container, options, onResult }: OperationOf<'exec'>, signal: AbortSignal): Promise<void> {
    const request = this.#journal.request(container);
    onResult(await this.#deps.engine.containers.exec(request, { ...options, signal }));
  }

  async cleanup({ container, request }: OperationOf<'cleanup'>, signal: AbortSignal): Promise<void> {
    await this.#journal.intend(container, 'cleanup');
    await this.#journal.attempt(container, signal, () =>
      this.#deps.engine.containers.cleanup(request, { signal }),
    );
    const record = await this.#journal.concludeSoon(container, (present) => ({
      ...present,
      state: stateAfterCleanup(present),
      pid: null,
      ready: false,
    }));
    this.#journal.emit('cleanup', record, request, {});
  }

  async remove({ container, request }: OperationOf<'remove'>, signal: AbortSignal): Promise<void> {
    await this.#journal.intend(container, 'remove', (record) => ({ ...record, state: 'Removing' }));
    await this.#journal.attempt(container, signal, () =>
      this.#deps.engine.containers.remove(request, { signal }),
    );
    const record = await this.#journal.concludeSoon(container, (present) => ({
      ...present,
      request: null,
      state: 'Configured',
      pid: null,
      startedAt: null,
      previousExit: present.exit ?? present.previousExit,
      exit: null,
      ready: false,
      checkpoint: null,
      olderCheckpoints: [],
      restoreDue: null,
      restoreWish: null,
      restoreFrom: null,
    }));
    this.#journal.emit('remove', record, request, {});
  }
}

function beginAnew(record: ContainerRecord): Partial<ContainerRecord> {
  return { ...outrun(record), restored: null, restoreDue: null, restoreWish: null, restoreFrom: null };
}

function stateAfterCleanup({ state, exit }: ContainerRecord): ContainerState {
  if (state === 'Checkpointed') return state;
  return exit === null ? 'Configured' : 'Exited';
}
