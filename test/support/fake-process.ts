import { createHash } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import { createStepRunner } from '../../machines/index.ts';
import {
  createEventBus,
  createReconciler,
  createRecordEditor,
  type EventBus,
  type Reconciler,
  type RecordEditor,
  type ResourceEvent,
} from '../../reconciler/index.ts';
import {
  checkpointManifest,
  container,
  pod,
  type CheckpointManifest,
  type Container,
  type Pod,
} from '../../schemas/index.ts';
import { createFakeHost, type FakeHost } from './fake-engine.ts';
import { createFakeDisk, openFakeStore, type Boundary, type FakeDisk } from './fake-store.ts';
import { createSimulatedClock, type SimulatedClock } from './simulated-clock.ts';

/** What outlives a process of tsctr. */
export interface FakeWorld {
  host: FakeHost;
  disk: FakeDisk;
  clock: SimulatedClock;
}

/** One process of tsctr on a pretended host. */
export interface FakeProcess {
  engine: Engine;
  records: RecordEditor;
  events: EventBus;
  /** Every event, oldest first. */
  happened: readonly ResourceEvent[];
  reconciler: Reconciler;
  errors: unknown[];
}

export function createFakeWorld(): FakeWorld {
  const host = createFakeHost();
  host.images.set('localhost/demo:1', { id: `sha256:${'1'.repeat(64)}` });
  host.images.set('localhost/demo:2', { id: `sha256:${'2'.repeat(64)}`, stopSignal: 'SIGINT' });
  return { host, disk: createFakeDisk(), clock: createSimulatedClock() };
}

let ids = 0;

/** Starts a process; its memory begins with what is on disk. */
export function startFakeProcess({ host, disk, clock }: FakeWorld, boundary?: Boundary): FakeProcess {
  const errors: unknown[] = [];
  const engine = host.open(clock, boundary);
  const records = createRecordEditor(openFakeStore(disk, boundary));
  const events = createEventBus({ onListenerError: (error) => errors.push(error) });
  const happened: ResourceEvent[] = [];
  events.subscribe((event) => happened.push(event));
  const runner = createStepRunner({ engine, records, events, clock });
  const reconciler = createReconciler({
    engine,
    records,
    runner,
    events,
    clock,
    newId: () =>
      createHash('sha256')
        .update(String((ids += 1)))
        .digest('hex'),
    onError: (error) => errors.push(error),
  });
  return { engine, records, events, happened, reconciler, errors };
}

/** A manifest of a container: what is not said is as the schema says. */
export function containerManifest(name: string, spec: Record<string, unknown> = {}): Container {
  return container.parse({
    apiVersion: 'tsctr.dev/v1',
    kind: 'Container',
    metadata: { name },
    spec: { image: 'localhost/demo:1', ...spec },
  });
}

export function podManifest(name: string, spec: Record<string, unknown> = {}): Pod {
  return pod.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'app', image: 'localhost/demo:1' }], ...spec },
  });
}

/** A manifest of kind Checkpoint of the container `web`. */
export function declaredCheckpoint(name: string, spec: Record<string, unknown> = {}): CheckpointManifest {
  return checkpointManifest.parse({
    apiVersion: 'tsctr.dev/v1',
    kind: 'Checkpoint',
    metadata: { name },
    spec: { container: 'web', ...spec },
  });
}

/** Applies by hand, and waits until what can be done has been done. */
export async function applyNow(
  { reconciler }: FakeProcess,
  manifests: readonly (Container | Pod | CheckpointManifest)[],
  options: { waitMs?: number | null; file?: string; prune?: boolean } = {},
) {
  const file = options.file ?? '/etc/web.yaml';
  const accepted = await reconciler.accept(
    manifests.map((manifest) => ({ manifest, file })),
    { source: 'apply', prune: options.prune === true ? new Set([file]) : null, conflicts: 'refuse' },
  );
  return reconciler.settle(accepted.resources, {
    waitMs: options.waitMs ?? null,
    accepted: accepted.changed,
  });
}
