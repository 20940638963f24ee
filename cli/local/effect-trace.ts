import { AsyncLocalStorage } from 'node:async_hooks';
import type { EffectObserver, Engine, RecordCollection, RecordStore } from '../../engine/index.ts';
import type { TraceEvent } from '../api/trace-event.ts';

/** Notes when effects on the host and writes of records began and ended, while somebody wants to know. */
export class EffectTrace {
  readonly #track = new AsyncLocalStorage<string>();
  readonly #open = new Map<string, number>();
  readonly #tracks = new Map<string, number>();
  #events: TraceEvent[] | null = null;

  /** Begins; returns what ends it and gives the events. One trace at a time: a second one ends the first. */
  begin(): () => TraceEvent[] {
    const events: TraceEvent[] = [];
    this.#events = events;
    this.#tracks.clear();
    return () => {
      if (this.#events === events) this.#events = null;
      return events;
    };
  }

  /** Told by the engine. Effects of one container follow each other, or are told apart by their names. */
  readonly observe: EffectObserver = (effect, phase) => {
    if (this.#events === null) return;
    const track = this.#track.getStore() ?? 'host';
    const key = `${track} ${effect}`;
    if (phase === 'before') {
      this.#open.set(key, now());
      return;
    }
    const since = this.#open.get(key);
    this.#open.delete(key);
    if (since !== undefined) this.#add(effect, 'effect', track, since);
  };

  /** Runs `action` as one bar on that track; effects inside of it are drawn below it. */
  async span<T>(name: string, category: string, track: string, action: () => Promise<T>): Promise<T> {
    if (this.#events === null) return action();
    const since = now();
    try {
      return await this.#track.run(track, action);
    } finally {
      this.#add(name, category, track, since);
    }
  }

  #add(name: string, cat: string, track: string, since: number): void {
    this.#events?.push({
      name,
      cat,
      ph: 'X',
      ts: since,
      dur: now() - since,
      pid: process.pid,
      tid: this.#tid(track),
    });
  }

  #tid(track: string): number {
    const known = this.#tracks.get(track);
    if (known !== undefined) return known;
    const tid = this.#tracks.size + 1;
    this.#tracks.set(track, tid);
    const base = { cat: '', ph: 'M', ts: 0, pid: process.pid, tid } as const;
    this.#events?.push({ ...base, name: 'thread_name', args: { name: track } });
    return tid;
  }
}

/** Microseconds since 1970, with more digits than a Date has. */
function now(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

const TRACED_VERBS = [
  'create',
  'start',
  'stop',
  'cleanup',
  'remove',
  'checkpoint',
  'restore',
  'observe',
] as const;

/** The same engine, with a bar for each verb. */
export function traceEngine<E extends Engine>(engine: E, trace: EffectTrace): E {
  const verbs = engine.containers as unknown as Record<TracedVerb, Verb>;
  const traced = TRACED_VERBS.map((verb): [string, Verb] => [
    verb,
    (request, options) =>
      trace.span(verb, 'verb', `container/${request.name}`, () => verbs[verb](request, options)),
  ]);
  return { ...engine, containers: { ...engine.containers, ...Object.fromEntries(traced) } };
}

type TracedVerb = (typeof TRACED_VERBS)[number];
type Verb = (request: { name: string }, options?: unknown) => Promise<unknown>;

/** The same records, with a bar for each write. */
export function traceRecords(store: RecordStore, trace: EffectTrace): RecordStore {
  const traced = <T extends { name: string }>(
    kind: string,
    records: RecordCollection<T>,
  ): RecordCollection<T> => ({
    ...records,
    put: (record) =>
      trace.span('write record', 'record', `${kind}/${record.name}`, () => records.put(record)),
    remove: (name) => trace.span('remove record', 'record', `${kind}/${name}`, () => records.remove(name)),
  });
  return {
    ...store,
    containers: traced('container', store.containers),
    pods: traced('pod', store.pods),
    checkpoints: traced('checkpoint', store.checkpoints),
  };
}
