import type { ContainerObservation, Engine } from '../engine/index.ts';
import {
  backoffOf,
  delayAfterErrorMs,
  isoTime,
  type Clock,
  type EventBus,
  type EventType,
  type RecordEditor,
} from '../reconciler/index.ts';
import type {
  ContainerExit,
  ContainerRecord,
  ContainerRequest,
  ContainerState,
  Intent,
} from '../schemas/index.ts';
import type { OperationOf } from './operation.ts';
import { endRun, isReadyAtStart, recoverRecord, type Recovery } from './recover.ts';

/** What the effects work with. */
export interface ContainerEffectDeps {
  engine: Engine;
  records: RecordEditor;
  events: EventBus;
  clock: Clock;
}

/** A record went away while something was done to its container. */
export class RecordGoneError extends Error {
  override readonly name = 'RecordGoneError';
  readonly code = 'RECORD_GONE';

  constructor(container: string) {
    super(`read record of container/${container}: there is none; apply its manifest again`);
  }
}

/** How long the monitor may take to write the exit file of a process that is gone. */
const EXIT_FILE_WITHIN_MS = 5000;

const ABSENT: ContainerObservation = { status: 'absent', pid: null, exit: null, monitorAlive: false };

/**
 * What is done to one container. Each effect writes its intent durably, then acts, then writes what came of it; so whoever finds
 * the record after a crash knows what may be half done.
 */
export class ContainerEffects {
  readonly #deps: ContainerEffectDeps;

  constructor(deps: ContainerEffectDeps) {
    this.#deps = deps;
  }

  stateOf(container: string): ContainerState {
    return this.#read(container).state;
  }

  /** What is on the host, with the exit of a process that has just ended. Changes nothing. */
  async observe(request: ContainerRequest | null): Promise<ContainerObservation> {
    if (request === null) return ABSENT;
    const { containers } = this.#deps.engine;
    const observation = await containers.observe(request);
    if (observation.status !== 'stopped' || observation.exit !== null || !observation.monitorAlive) {
      return observation;
    }
    return { ...observation, exit: await this.#waitExit(request) };
  }

  async recover(
    container: string,
  ): Promise<{ record: ContainerRecord; observation: ContainerObservation } | null> {
    const { records, clock } = this.#deps;
    const before = records.containers.get(container);
    if (before === null) return null;
    const observation = await this.observe(before.request);
    let happened: Recovery['happened'] = [];
    const record = await records.containers.edit(container, (present) => {
      // Another instance by now: what was seen says nothing of it.
      if (present.request?.id !== before.request?.id) return present;
      const recovery = recoverRecord(present, observation, clock.now());
      happened = recovery.happened;
      return recovery.record;
    });
    if (record === null) return null;
    for (const { type, attributes } of happened) this.#emit(type, record, before.request, attributes);
    return { record, observation };
  }

  async create(operation: OperationOf<'create'>, signal: AbortSignal): Promise<void> {
    const { container, request } = operation;
    const before = this.#read(container);
    await this.#intend(container, 'create', (record) => ({
      ...record,
      request,
      pid: null,
      startedAt: null,
      previousExit: record.exit ?? record.previousExit,
      exit: null,
    }));
    await this.#attempt(
      container,
      signal,
      () => this.#deps.engine.containers.create(request, { signal }),
      before,
    );
    await this.#conclude(container, (record) => ({
      ...record,
      state: 'Created',
      restartCount: operation.restartCount,
    }));
    this.#emit('init', before, request, request.image === null ? {} : { image: request.image.reference });
  }

  async start(operation: OperationOf<'start'>, signal: AbortSignal): Promise<void> {
    const { container, request } = operation;
    await this.#intend(container, 'start');
    const { pid } = await this.#attempt(container, signal, () =>
      this.#deps.engine.containers.start(request, { signal }),
    );
    const record = await this.#conclude(container, (present) => ({
      ...present,
      state: 'Running',
      pid,
      startedAt: this.#now(),
      ready: isReadyAtStart(present),
      lastError: null,
      backoffUntil: null,
    }));
    this.#emit('start', record, request, { pid: String(pid) });
    if (record.restartCount > 0) {
      this.#emit('restart', record, request, { restartCount: String(record.restartCount) });
    }
  }

  async stop(operation: OperationOf<'stop'>, signal: AbortSignal): Promise<void> {
    const { container, request, signalNumber, timeoutMs, isFailure } = operation;
    const ranBefore = this.#read(container).state !== 'Created';
    await this.#intend(container, 'stop', (record) => ({ ...record, state: 'Stopping' }));
    const exit = await this.#attempt(container, signal, async () => {
      await this.#deps.engine.containers.stop(request, { signalNumber, timeoutMs, signal });
      return ranBefore ? this.#exitOf(request) : null;
    });
    const record = await this.#conclude(container, (present) => ({
      ...(exit === null ? { ...present, pid: null } : endRun(present, exit, { isFailure })),
      state: 'Stopped',
    }));
    this.#emit('stop', record, request, {});
    if (exit !== null) this.#emit('died', record, request, { exitCode: String(exit.code) });
  }

  async kill(operation: OperationOf<'kill'>): Promise<void> {
    const request = this.#request(operation.container);
    await this.#deps.engine.containers.signal(request, operation.signalNumber);
  }

  async pause({ container, request }: OperationOf<'pause'>): Promise<void> {
    await this.#intend(container, 'pause');
    await this.#attempt(container, undefined, () => this.#deps.engine.containers.pause(request));
    const record = await this.#conclude(container, (present) => ({ ...present, state: 'Paused' }));
    this.#emit('pause', record, request, {});
  }

  async resume({ container, request }: OperationOf<'resume'>): Promise<void> {
    await this.#intend(container, 'resume');
    await this.#attempt(container, undefined, () => this.#deps.engine.containers.resume(request));
    const record = await this.#conclude(container, (present) => ({ ...present, state: 'Running' }));
    this.#emit('unpause', record, request, {});
  }

  async update({ container, request }: OperationOf<'update'>): Promise<void> {
    await this.#intend(container, 'update');
    await this.#attempt(container, undefined, () => this.#deps.engine.containers.update(request));
    const record = await this.#conclude(container, (present) => ({ ...present, request }));
    this.#emit('update', record, request, {});
  }

  async exec({ container, options, onResult }: OperationOf<'exec'>, signal: AbortSignal): Promise<void> {
    const request = this.#request(container);
    onResult(await this.#deps.engine.containers.exec(request, { ...options, signal }));
  }

  async cleanup({ container, request }: OperationOf<'cleanup'>, signal: AbortSignal): Promise<void> {
    await this.#intend(container, 'cleanup');
    await this.#attempt(container, signal, () => this.#deps.engine.containers.cleanup(request, { signal }));
    const record = await this.#conclude(container, (present) => ({
      ...present,
      state: present.exit === null ? 'Configured' : 'Exited',
      pid: null,
      ready: false,
    }));
    this.#emit('cleanup', record, request, {});
  }

  async remove({ container, request }: OperationOf<'remove'>, signal: AbortSignal): Promise<void> {
    await this.#intend(container, 'remove', (record) => ({ ...record, state: 'Removing' }));
    await this.#attempt(container, signal, () => this.#deps.engine.containers.remove(request, { signal }));
    const record = await this.#conclude(container, (present) => ({
      ...present,
      request: null,
      state: 'Configured',
      pid: null,
      startedAt: null,
      previousExit: present.exit ?? present.previousExit,
      exit: null,
      ready: false,
    }));
    this.#emit('remove', record, request, {});
  }

  #now(): string {
    return isoTime(this.#deps.clock.now());
  }

  #read(container: string): ContainerRecord {
    const record = this.#deps.records.containers.get(container);
    if (record === null) throw new RecordGoneError(container);
    return record;
  }

  #request(container: string): ContainerRequest {
    const { request } = this.#read(container);
    if (request === null) throw new RecordGoneError(container);
    return request;
  }

  async #edit(
    container: string,
    change: (record: ContainerRecord) => ContainerRecord,
  ): Promise<ContainerRecord> {
    const record = await this.#deps.records.containers.edit(container, change);
    if (record === null) throw new RecordGoneError(container);
    return record;
  }

  async #intend(
    container: string,
    verb: Intent['verb'],
    change: (record: ContainerRecord) => ContainerRecord = (record) => record,
  ): Promise<void> {
    const intent: Intent = { verb, since: this.#now() };
    await this.#edit(container, (record) => ({ ...change(record), intent }));
  }

  #conclude(
    container: string,
    change: (record: ContainerRecord) => ContainerRecord,
  ): Promise<ContainerRecord> {
    return this.#edit(container, (record) => ({ ...change(record), intent: null }));
  }

  /** Runs an effect; when it fails, the record says what is so now, and why, before the error goes on. */
  async #attempt<T>(
    container: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
    beforeCreate: ContainerRecord | null = null,
  ): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Somebody ended it on purpose: that is no failure of the container.
      const isFailure = signal?.aborted !== true;
      await this.#noteFailure(container, { message, isFailure, beforeCreate });
      throw error;
    }
  }

  async #noteFailure(
    container: string,
    failure: { message: string; isFailure: boolean; beforeCreate: ContainerRecord | null },
  ): Promise<void> {
    const { records, clock } = this.#deps;
    const { request } = this.#read(container);
    // When not even looking works, the intent stays, and the next pass looks again.
    const observation = await this.observe(request).catch(() => null);
    await records.containers.edit(container, (record) => {
      if (observation === null) return { ...record, state: 'Unknown', lastError: failure.message };
      const wasStarting = record.intent?.verb === 'create' || record.intent?.verb === 'start';
      let next = recoverRecord(record, observation, clock.now()).record;
      if (wasStarting && observation.status !== 'running') {
        // It never ran, so there is no exit that a restart policy could judge.
        const counted = failure.isFailure ? countError(record, clock.now()) : record;
        next = {
          ...next,
          exit: null,
          failuresInRow: counted.failuresInRow,
          backoffUntil: counted.backoffUntil,
          state: next.state === 'Exited' ? 'Configured' : next.state,
        };
      }
      if (failure.beforeCreate !== null && observation.status === 'absent') {
        // Everything was taken back: the next try asks for the image anew.
        next = { ...next, request: failure.beforeCreate.request };
      }
      return failure.isFailure ? { ...next, lastError: failure.message } : next;
    });
  }

  async #exitOf(request: ContainerRequest): Promise<ContainerExit> {
    const exit = await this.#waitExit(request);
    return exit ?? { code: -1, finishedAt: this.#now(), oomKilled: false };
  }

  async #waitExit(request: ContainerRequest): Promise<ContainerExit | null> {
    const { engine, clock } = this.#deps;
    const late = new AbortController();
    const timer = clock.setTimeout(() => {
      late.abort();
    }, EXIT_FILE_WITHIN_MS);
    try {
      return await engine.containers.waitExit(request, { signal: late.signal });
    } catch (error) {
      if (late.signal.aborted) return null;
      throw error;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #emit(
    type: EventType,
    record: ContainerRecord,
    request: ContainerRequest | null,
    attributes: Record<string, string>,
  ): void {
    this.#deps.events.emit({
      time: this.#now(),
      type,
      resource: { kind: 'Container', name: record.name },
      id: request?.id ?? null,
      attributes,
    });
  }
}

/** One more failure to get it running, and when the next try is due. */
export function countError(record: ContainerRecord, now: number): ContainerRecord {
  const spec = record.manifest?.spec ?? record.request?.spec;
  const failuresInRow = record.failuresInRow + 1;
  if (spec === undefined) return { ...record, failuresInRow };
  const delayMs = delayAfterErrorMs(backoffOf(spec), failuresInRow);
  return { ...record, failuresInRow, backoffUntil: isoTime(now + delayMs) };
}
