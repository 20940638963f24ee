import type { CheckpointDetails, Engine, NoteOptions } from '../engine/index.ts';
import {
  backoffOf,
  delayAfterErrorMs,
  explainFailure,
  isoTime,
  type Clock,
  type EventBus,
  type EventType,
  type RecordEditor,
} from '../reconciler/index.ts';
import type { ContainerRecord, ContainerRequest, Intent } from '../schemas/index.ts';
import { observeInstance } from './observe-instance.ts';
import { recoverRecord } from './recover.ts';

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

/** What is written around an effect: the intent before it, and after it what came of it, or why nothing did. */
export class EffectJournal {
  readonly #deps: ContainerEffectDeps;

  constructor(deps: ContainerEffectDeps) {
    this.#deps = deps;
  }

  now(): string {
    return isoTime(this.#deps.clock.now());
  }

  read(container: string): ContainerRecord {
    const record = this.#deps.records.containers.get(container);
    if (record === null) throw new RecordGoneError(container);
    return record;
  }

  request(container: string): ContainerRequest {
    const { request } = this.read(container);
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

  async intend(
    container: string,
    verb: Intent['verb'],
    change: (record: ContainerRecord) => ContainerRecord = (record) => record,
    more: Pick<Intent, 'file' | 'image' | 'checkpoint' | 'declared'> = {},
  ): Promise<void> {
    const intent: Intent = { verb, since: this.now(), ...more };
    await this.#edit(container, (record) => ({ ...change(record), intent }));
  }

  conclude(
    container: string,
    change: (record: ContainerRecord) => ContainerRecord,
  ): Promise<ContainerRecord> {
    return this.#edit(container, (record) => ({ ...change(record), intent: null }));
  }

  /**
   * Concludes what is followed by another intent, as a stop is by the cleanup: that one's write holds both. After a crash before it the
   * record still has the intent, and the host says what has become of it. `isLast`: nothing follows; it is on its way to the disk, and nobody
   * waits for it.
   */
  concludeSoon(
    container: string,
    change: (record: ContainerRecord) => ContainerRecord,
    options: NoteOptions = {},
  ): Promise<ContainerRecord> {
    return this.#note(container, (record) => ({ ...change(record), intent: null }), options);
  }

  /**
   * Concludes a creation, with the intent to start what it made. Nobody waits for the disk: the intent of the creation, which is there,
   * stands for both, as the host says whether the process was started since.
   */
  concludeCreate(container: string): Promise<ContainerRecord> {
    const intent: Intent = { verb: 'start', since: this.now() };
    return this.#note(container, (record) => ({ ...record, state: 'Created', intent }));
  }

  async #note(
    container: string,
    change: (record: ContainerRecord) => ContainerRecord,
    options: NoteOptions = {},
  ): Promise<ContainerRecord> {
    const record = await this.#deps.records.containers.note(container, change, options);
    if (record === null) throw new RecordGoneError(container);
    return record;
  }

  /** Runs an effect; when it fails, the record says what is so now, and why, before the error goes on. */
  async attempt<T>(
    container: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
    beforeCreate: ContainerRecord | null = null,
  ): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const message = explainFailure(error);
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
    const { request } = this.read(container);
    // When not even looking works, the intent stays, and the next pass looks again.
    const observation = await observeInstance(this.#deps, request).catch(() => null);
    const found = await this.#listCheckpoints(container);
    const before = failure.beforeCreate;
    const isTakenBack =
      before !== null && observation?.status === 'absent' && (await this.#takeBack(request, before.request));
    await records.containers.edit(container, (record) => {
      if (observation === null) return { ...record, state: 'Unknown', lastError: failure.message };
      const wasStarting = record.intent?.verb === 'create' || record.intent?.verb === 'start';
      let next = recoverRecord(record, observation, clock.now(), found).record;
      if (record.intent?.verb === 'restore' && failure.isFailure && next.state !== 'Restored') {
        const { failuresInRow, backoffUntil } = countError(record, clock.now());
        next = { ...next, failuresInRow, backoffUntil, restoresInRow: record.restoresInRow + 1 };
      }
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
      // The next try asks for the image anew.
      if (isTakenBack) next = { ...next, request: before.request };
      // What a manifest of kind Checkpoint asks for is that one's failure: the container is as wished.
      const isOwn = record.intent?.declared === undefined;
      return failure.isFailure && isOwn ? { ...next, lastError: failure.message } : next;
    });
  }

  /**
   * Removes the storage of an instance that has failed to come up for the first time, for its id is about to be forgotten. False
   * when that does not work either: then the record has to keep it.
   */
  async #takeBack(request: ContainerRequest | null, before: ContainerRequest | null): Promise<boolean> {
    if (request === null || request.id === before?.id) return true;
    return this.#deps.engine.containers.remove(request).then(
      () => true,
      () => false,
    );
  }

  /** The kept checkpoints, after a verb that may have changed them. */
  async #listCheckpoints(container: string): Promise<CheckpointDetails[]> {
    const { request, intent } = this.read(container);
    if (request === null || (intent?.verb !== 'checkpoint' && intent?.verb !== 'restore')) return [];
    return this.#deps.engine.containers.listCheckpoints(request).catch(() => []);
  }

  emit(
    type: EventType,
    record: ContainerRecord,
    request: ContainerRequest | null,
    attributes: Record<string, string>,
  ): void {
    this.#deps.events.emit({
      time: this.now(),
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
