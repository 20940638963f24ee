import fc from 'fast-check';
import type { ContainerObservation } from '../../engine/index.ts';
import type { ContainerSituation } from '../../reconciler/plan/container-situation.ts';
import { desiredContainer } from '../../reconciler/plan/desired-container.ts';
import { newContainerRecord } from '../../reconciler/wish/new-record.ts';
import { waitingFor } from '../../reconciler/loop/outcome.ts';
import {
  containerSpec,
  CONTAINER_STATES,
  type Container,
  type ContainerRecord,
  type ContainerRequest,
} from '../../schemas/index.ts';
import { containerManifest } from './fake-process.ts';

export const NOW = Date.parse('2026-01-01T00:00:00.000Z');
export const OLD_ID = 'a'.repeat(64);
export const NEW_ID = 'b'.repeat(64);
export const IMAGE = { reference: 'localhost/demo:1', id: `sha256:${'1'.repeat(64)}` };

export function requestFor(manifest: Container, changes: Partial<ContainerRequest> = {}): ContainerRequest {
  return {
    id: OLD_ID,
    name: manifest.metadata.name,
    spec: manifest.spec,
    labels: {},
    annotations: {},
    image: { ...IMAGE, reference: manifest.spec.image ?? '' },
    pod: null,
    createdAt: new Date(NOW).toISOString(),
    ...changes,
  };
}

export function recordFor(manifest: Container, changes: Partial<ContainerRecord> = {}): ContainerRecord {
  const owner = { source: 'apply', file: '/etc/web.yaml' } as const;
  const record = newContainerRecord({ name: manifest.metadata.name, owner, manifest, pod: null, now: NOW });
  return { ...record, ...changes };
}

/** A container that runs as its manifest says. */
export function runningRecord(manifest: Container, changes: Partial<ContainerRecord> = {}): ContainerRecord {
  return recordFor(manifest, {
    request: requestFor(manifest),
    state: 'Running',
    pid: 42,
    startedAt: new Date(NOW - 60_000).toISOString(),
    ready: true,
    ...changes,
  });
}

export const ABSENT: ContainerObservation = { status: 'absent', pid: null, exit: null, monitorAlive: false };
export const RUNNING: ContainerObservation = { status: 'running', pid: 42, exit: null, monitorAlive: true };

export function situationFor(
  record: ContainerRecord,
  changes: Partial<ContainerSituation> = {},
): ContainerSituation {
  return {
    record,
    desired: desiredContainer(record, null),
    observation: record.state === 'Running' ? RUNNING : ABSENT,
    image: null,
    checkpointImage: null,
    imageStopSignal: null,
    gate: null,
    checkpointAsked: null,
    declaredAsked: null,
    restartAsked: false,
    probeFailure: null,
    stopTimeoutMs: null,
    now: NOW,
    newId: NEW_ID,
    ...changes,
  };
}

const specs = fc.record({
  image: fc.constantFrom('localhost/demo:1', 'localhost/demo:2'),
  env: fc.constantFrom([], [{ name: 'LOG_LEVEL', value: 'info' }], [{ name: 'LOG_LEVEL', value: 'debug' }]),
  resources: fc.constantFrom({}, { limits: { memory: '64Mi' } }),
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never', 'UnlessStopped'),
  state: fc.constantFrom('Running', 'Paused', 'Stopped', 'Checkpointed'),
  checkpoint: fc.constantFrom(undefined, { interval: '1m' }, { beforeUpdate: true }),
  restore: fc.constantFrom(undefined, { onCrash: { tries: 2 } }, { onBoot: true }),
  readinessProbe: fc.constantFrom(undefined, { tcpSocket: { port: 80 } }),
});

const exits = fc.option(
  fc.record({
    code: fc.constantFrom(-1, 0, 1, 137),
    finishedAt: fc.constant(new Date(NOW - 1000).toISOString()),
    oomKilled: fc.boolean(),
  }),
);

const manifests = specs.map((spec) =>
  containerManifest('web', JSON.parse(JSON.stringify(spec)) as object as Record<string, unknown>),
);

const times = fc.constantFrom(null, new Date(NOW - 5000).toISOString(), new Date(NOW + 5000).toISOString());

const checkpoint = fc.record({
  id: fc.nat({ max: 9 }),
  createdAt: fc.constantFrom(new Date(NOW - 90_000).toISOString(), new Date(NOW - 1000).toISOString()),
  memoryBytes: fc.constant(1000),
  sizeBytes: fc.constant(2000),
  path: fc.constant('/checkpoint'),
  leftRunning: fc.boolean(),
  by: fc.constantFrom('hand', 'interval', 'shutdown'),
  ofEarlierRun: fc.boolean(),
  frozenMs: fc.constantFrom(null, 12),
  durationsMs: fc.constant({}),
});
const checkpoints = fc.option(checkpoint);

export const observations: fc.Arbitrary<ContainerObservation> = fc.record({
  status: fc.constantFrom('absent', 'prepared', 'created', 'running', 'paused', 'stopped'),
  pid: fc.constantFrom(null, 42),
  exit: exits,
  monitorAlive: fc.boolean(),
});

/** Any record, whether or not it makes sense. */
export const records: fc.Arbitrary<ContainerRecord> = fc
  .record({
    manifest: manifests,
    present: fc.option(manifests),
    state: fc.constantFrom(...CONTAINER_STATES),
    exit: exits,
    deletionRequestedAt: times,
    override: fc.constantFrom(null, 'Stopped' as const, 'Paused' as const, 'Checkpointed' as const),
    checkpoint: checkpoints,
    olderCheckpoints: fc.array(checkpoint, { maxLength: 3 }),
    restoreFrom: fc.option(fc.nat({ max: 9 })),
    restoreDue: fc.constantFrom(null, 'boot' as const, 'hand' as const),
    restoresInRow: fc.nat({ max: 4 }),
    intent: fc.constantFrom(null, 'create', 'start', 'stop', 'cleanup', 'remove', 'checkpoint', 'restore'),
    startedAt: times,
    failuresInRow: fc.nat({ max: 8 }),
    backoffUntil: times,
    ready: fc.boolean(),
  })
  .map(({ manifest, present, intent, ...facts }) =>
    recordFor(manifest, {
      ...facts,
      request: present === null ? null : requestFor(present),
      intent: intent === null ? null : { verb: intent as 'create', since: new Date(NOW).toISOString() },
    }),
  );

/** What a pass may find: a record that agrees with the host, and whatever was asked. */
export const requests = fc.record({
  image: fc.constantFrom(null, IMAGE, { ...IMAGE, reference: 'localhost/demo:2' }),
  gate: fc.constantFrom(null, waitingFor([], { why: 'not-ready' })),
  restartAsked: fc.boolean(),
  checkpointAsked: fc.constantFrom(
    null,
    { then: 'stop' as const, allowances: {}, timeoutMs: null, by: 'hand' as const },
    { then: 'leave-running' as const, allowances: {}, timeoutMs: 1000, by: 'hand' as const },
  ),
  probeFailure: fc.constantFrom(null, { probe: 'liveness' as const, message: 'timed out' }),
  stopTimeoutMs: fc.constantFrom(null, 0),
});

export function specOf(spec: Record<string, unknown>) {
  return containerSpec.parse({ image: 'localhost/demo:1', ...spec });
}
