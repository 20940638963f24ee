import type { ContainerEngine } from '../../engine/index.ts';
import type { ContainerRecord, ContainerRequest, ContainerSpec, Probe } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import type { ProbeFailure } from '../plan/container-situation.ts';
import type { RecordEditor } from '../pass/record-editor.ts';
import { checkProbe } from './check-probe.ts';
import { FreezeCount } from './freeze-count.ts';
import { startProbeLoop, type ProbeLoop } from './probe-loop.ts';

export interface ProberOptions {
  records: RecordEditor;
  exec: ContainerEngine['exec'];
  clock: Clock;
  /** A container does not work, and is to be restarted. */
  onFailure: (container: string, failure: ProbeFailure) => void;
  /** It has become ready, or is so no longer. */
  onReadiness: (record: ContainerRecord, message: string) => void;
  onError: (error: unknown) => void;
}

/**
 * Asks running containers how they are, as their manifests say. Paused ones are left alone, and so are those that are being saved: time
 * stands still for them.
 */
export interface Prober {
  start(): void;
  stop(): void;
}

export function createProber(options: ProberOptions): Prober {
  return new RecordProber(options);
}

class RecordProber implements Prober {
  readonly #options: ProberOptions;
  readonly #watched = new Map<string, { key: string; stop: () => void }>();
  readonly #freezes = new FreezeCount();
  #endOfChanges: (() => void) | null = null;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    const { records } = this.#options;
    this.#endOfChanges ??= records.onChange(({ kind, name }) => {
      if (kind === 'Container') this.#look(name);
    });
    for (const { name } of records.containers.list()) this.#look(name);
  }

  stop(): void {
    this.#endOfChanges?.();
    this.#endOfChanges = null;
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
  }

  /** Begins, goes on or ends with asking, as the record says now. */
  #look(name: string): void {
    const record = this.#options.records.containers.get(name);
    this.#freezes.note(name, record);
    const instance = record === null ? null : probedInstance(record);
    const present = this.#watched.get(name);
    if (present !== undefined && present.key === instance?.key) return;
    present?.stop();
    this.#watched.delete(name);
    if (record === null || instance === null) return;
    this.#watched.set(name, { key: instance.key, stop: this.#begin(record, instance) });
  }

  /** The startup probe first and alone, the others once it has succeeded. Returns what ends all of them. */
  #begin(record: ContainerRecord, instance: ProbedInstance): () => void {
    const { name } = record;
    const { livenessProbe, readinessProbe, startupProbe } = instance.spec;
    const loops: ProbeLoop[] = [];
    const begin = (
      probe: Probe | undefined,
      onVerdict: (isSuccess: boolean, message: string) => void,
    ): void => {
      if (probe === undefined) return;
      const target = { request: instance.request, spec: instance.spec, exec: this.#options.exec };
      const check = (signal: AbortSignal) => checkProbe(probe, target, signal);
      const freezes = (): number => this.#freezes.of(name);
      loops.push(startProbeLoop(probe, { clock: this.#options.clock, check, onVerdict, freezes }));
    };
    const stop = (): void => {
      for (const loop of loops.splice(0)) loop.stop();
    };
    const beginOthers = (): void => {
      begin(livenessProbe, (isSuccess, message) => {
        if (!isSuccess) this.#options.onFailure(name, { probe: 'liveness', message });
      });
      begin(readinessProbe, (isSuccess, message) => {
        this.#setReady(name, isSuccess, message);
      });
      if (readinessProbe === undefined) this.#setReady(name, true, 'started');
    };
    if (startupProbe === undefined || record.ready) {
      beginOthers();
      return stop;
    }
    begin({ ...startupProbe, successThreshold: 1 }, (isSuccess, message) => {
      if (!isSuccess) {
        this.#options.onFailure(name, { probe: 'startup', message });
        return;
      }
      stop();
      beginOthers();
    });
    return stop;
  }

  #setReady(name: string, ready: boolean, message: string): void {
    const change = (record: ContainerRecord): ContainerRecord =>
      record.ready === ready || !isUp(record) ? record : { ...record, ready };
    const before = this.#options.records.containers.get(name)?.ready;
    this.#options.records.containers.edit(name, change).then((record) => {
      if (record !== null && record.ready !== before) this.#options.onReadiness(record, message);
    }, this.#options.onError);
  }
}

interface ProbedInstance {
  /** Another instance, another run or other probes have another key. */
  key: string;
  request: ContainerRequest;
  spec: ContainerSpec;
}

/** Null: there is nothing to ask, or nobody. */
function probedInstance(record: ContainerRecord): ProbedInstance | null {
  const { request } = record;
  if (request === null || !isUp(record)) return null;
  // Not of the manifest, as long as the container is not what that says.
  const { spec } = request;
  const probes = [spec.livenessProbe, spec.readinessProbe, spec.startupProbe];
  if (probes.every((probe) => probe === undefined)) return null;
  const key = JSON.stringify([request.id, record.pid, record.startedAt, probes, spec.ports]);
  return { key, request, spec };
}

function isUp({ state }: ContainerRecord): boolean {
  return state === 'Running' || state === 'Restored';
}
