import type { CheckpointResult } from '../engine/index.ts';
import type { KeptCheckpoint } from '../schemas/index.ts';
import type { ContainerEffectDeps, EffectJournal } from './effect-journal.ts';
import { keptCheckpoint, restoredRecord, saved } from './memory-record.ts';
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
    const { container, request, then, by, allowances, timeoutMs, onPages } = operation;
    await this.#journal.intend(container, 'checkpoint', (record) => ({
      ...record,
      checkpointTriedAt: this.#journal.now(),
    }));
    const options = {
      then,
      allowances,
      signal,
      ...(timeoutMs === null ? {} : { timeoutMs }),
      ...(onPages === undefined ? {} : { onProgress: onPages }),
    };
    const result = await this.#alone(container, () =>
      this.#journal.attempt(container, signal, () =>
        this.#deps.engine.containers.checkpoint(request, options),
      ),
    );
    const kept = keptFrom(result, by);
    const record = await this.#journal.conclude(container, (present) => ({
      ...(then === 'stop' ? saved(present) : present),
      checkpoint: kept,
      lastError: null,
    }));
    this.#journal.emit('checkpoint', record, request, {
      by,
      then,
      sizeBytes: String(kept.sizeBytes),
      ...(kept.frozenMs === null ? {} : { frozenMs: kept.frozenMs.toFixed(1) }),
    });
  }

  async restore(operation: OperationOf<'restore'>, signal: AbortSignal): Promise<void> {
    const { container, request, why, restartCount } = operation;
    await this.#journal.intend(container, 'restore', (record) => ({ ...record, request }));
    const result = await this.#alone(container, () =>
      this.#journal.attempt(container, signal, () =>
        this.#deps.engine.containers.restore(request, { signal }),
      ),
    );
    const record = await this.#journal.conclude(container, (present) => ({
      ...restoredRecord(present, { now: this.#journal.now(), why, durationsMs: result.durationsMs }),
      pid: result.pid,
      restartCount,
    }));
    this.#journal.emit('restore', record, request, { why, pid: String(result.pid) });
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

function keptFrom({ details, durationsMs }: CheckpointResult, by: KeptCheckpoint['by']): KeptCheckpoint {
  return { ...keptCheckpoint(details, by), durationsMs };
}
