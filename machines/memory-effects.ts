import type { ContainerRecord } from '../schemas/index.ts';
import type { ContainerEffectDeps, EffectJournal } from './effect-journal.ts';
import { noteKept, restoredRecord, saved } from './memory-record.ts';
import type { OperationOf } from './operation.ts';

/** Saving a container, memory and all, and bringing it back. */
export class MemoryEffects {
  readonly #deps: ContainerEffectDeps;
  readonly #journal: EffectJournal;
  readonly #busy: Set<string>;

  /** `busy`: containers under way, which nobody else in this process may take for interrupted. */
  constructor(deps: ContainerEffectDeps, journal: EffectJournal, busy: Set<string>) {
    this.#deps = deps;
    this.#journal = journal;
    this.#busy = busy;
  }

  async checkpoint(operation: OperationOf<'checkpoint'>, signal: AbortSignal): Promise<void> {
    const { container, request, then, by, timeoutMs, archive, onPages } = operation;
    const { id, allowances, retention, repeatable, pin, preDumps } = operation;
    const declared = operation.declared === null ? {} : { declared: operation.declared };
    await this.#journal.intend(
      container,
      'checkpoint',
      (record) => ({
        ...record,
        checkpointTriedAt: this.#journal.now(),
        lastCheckpointId: Math.max(record.lastCheckpointId, id),
      }),
      declared,
    );
    const options = {
      then,
      id,
      allowances,
      retention,
      repeatable,
      pin,
      preDumps,
      signal,
      ...(timeoutMs === null ? {} : { timeoutMs }),
      ...(archive === null ? {} : { archive }),
      ...(operation.retryWith == null ? {} : { retryWith: operation.retryWith }),
      ...(onPages === undefined ? {} : { onProgress: onPages }),
    };
    const result = await this.#alone(container, () =>
      this.#journal.attempt(container, signal, () =>
        this.#deps.engine.containers.checkpoint(request, options),
      ),
    );
    const { details, durationsMs, retries } = result;
    const withCheckpoint = (present: ContainerRecord): ContainerRecord => ({
      ...noteKept(then === 'stop' ? saved(present) : present, result.kept, {
        id: details.id,
        by,
        ...declared,
        durationsMs,
      }),
      ...(then === 'stop' && operation.declared !== null ? { override: 'Checkpointed' as const } : {}),
      restoreFrom: null,
      lastError: null,
    });
    // After its end comes a cleanup, with an intent of its own.
    const record = await (then === 'stop'
      ? this.#journal.concludeSoon(container, withCheckpoint)
      : this.#journal.conclude(container, withCheckpoint));
    const frozenMs = record.checkpoint?.frozenMs ?? null;
    this.#journal.emit('checkpoint', record, request, {
      by,
      then,
      checkpoint: String(details.id),
      sizeBytes: String(details.sizes.total),
      ...(operation.declared === null ? {} : { declared: operation.declared.name }),
      ...(frozenMs === null ? {} : { frozenMs: frozenMs.toFixed(1) }),
      ...(retries.length === 0
        ? {}
        : {
            retriedFor: retries.map(({ cause }) => cause).join(','),
            retriedWith: retries.flatMap((retry) => retry.with).join(','),
          }),
    });
  }

  async restore(operation: OperationOf<'restore'>, signal: AbortSignal): Promise<void> {
    const { container, request, why, restartCount, archive, image, ignore, lazyPages, onArchive } = operation;
    const number = operation.checkpoint === null ? {} : { checkpoint: operation.checkpoint };
    const elsewhere = image === null ? (archive === null ? null : { archive }) : { image };
    const source = elsewhere ?? number;
    await this.#journal.intend(
      container,
      'restore',
      (record) => ({ ...record, request }),
      image !== null ? { image } : archive === null ? number : { file: archive },
    );
    const result = await this.#alone(container, () =>
      this.#journal.attempt(container, signal, () =>
        this.#deps.engine.containers.restore(request, {
          ...source,
          ignore,
          lazyPages,
          signal,
          ...(onArchive === undefined ? {} : { onProgress: onArchive }),
        }),
      ),
    );
    const { durationsMs } = result;
    const record = await this.#journal.conclude(container, (present) => ({
      ...restoredRecord(present, { now: this.#journal.now(), why, durationsMs, ...source }),
      pid: result.pid,
      restartCount,
    }));
    this.#journal.emit('restore', record, request, {
      why,
      pid: String(result.pid),
      ...(lazyPages ? { lazyPages: 'true' } : {}),
      ...(operation.checkpoint === null ? {} : { checkpoint: String(operation.checkpoint) }),
      ...elsewhere,
    });
  }

  /** Writes the kept checkpoint as one file. Nothing of the container changes. */
  async export(operation: OperationOf<'export'>, signal: AbortSignal): Promise<void> {
    const { container, request, checkpoint, archive, onArchive, onResult } = operation;
    const declared = operation.declared === null ? {} : { declared: operation.declared };
    await this.#journal.intend(container, 'export', undefined, { file: archive.file, ...declared });
    const result = await this.#alone(container, () =>
      this.#journal.attempt(container, signal, () =>
        this.#deps.engine.containers.exportCheckpoint(request, {
          ...archive,
          signal,
          ...(checkpoint === null ? {} : { checkpoint }),
          ...(onArchive === undefined ? {} : { onProgress: onArchive }),
        }),
      ),
    );
    const record = await this.#journal.conclude(container, (present) => ({ ...present, lastError: null }));
    onResult(result);
    this.#journal.emit('export', record, request, { file: result.file, bytes: String(result.bytes) });
  }

  async #alone<T>(container: string, run: () => Promise<T>): Promise<T> {
    this.#busy.add(container);
    try {
      return await run();
    } finally {
      this.#busy.delete(container);
    }
  }
}
