import type { ContainerRecord, Pod, PodRecord } from '../../../schemas/index.ts';

/** The instant at which the tests happen. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** `spanMs` before NOW, as records write times. */
export function ago(spanMs: number): string {
  return new Date(NOW - spanMs).toISOString();
}

export const MINUTE = 60_000;
export const ID = 'ab12cd34'.repeat(8);

type Spec = NonNullable<ContainerRecord['manifest']>['spec'];

export const SPEC: Spec = {
  image: 'localhost/demo:1',
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 10,
  state: 'Running',
};

/** A container that runs as it should, three minutes old, but for what `changes` says. */
export function containerRecord(name: string, changes: Partial<ContainerRecord> = {}): ContainerRecord {
  const image = { reference: 'localhost/demo:1', id: `sha256:${'0f'.repeat(32)}` };
  return {
    schemaVersion: 1,
    kind: 'Container',
    name,
    owner: { source: 'apply', file: '/srv/web.yaml' },
    manifest: {
      apiVersion: 'tsctr.dev/v1',
      kind: 'Container',
      metadata: { name, labels: { app: name } },
      spec: SPEC,
    },
    pod: null,
    deletionRequestedAt: null,
    override: null,
    request: {
      id: ID,
      name,
      spec: SPEC,
      labels: { app: name },
      annotations: {},
      image,
      pod: null,
      createdAt: ago(3 * MINUTE),
    },
    state: 'Running',
    intent: null,
    pid: 4242,
    startedAt: ago(3 * MINUTE),
    exit: null,
    previousExit: null,
    restartCount: 0,
    failuresInRow: 0,
    backoffUntil: null,
    ready: true,
    lastError: null,
    checkpoint: null,
    olderCheckpoints: [],
    lastCheckpointId: 0,
    checkpointTriedAt: null,
    restoreDue: null,
    restoreWish: null,
    hasRun: false,
    restoreFrom: null,
    restoresInRow: 0,
    restored: null,
    createdAt: ago(3 * MINUTE),
    ...changes,
  };
}

/** A member of a pod, which has no manifest of its own. */
export function memberRecord(
  pod: string,
  member: string,
  changes: Partial<ContainerRecord> = {},
): ContainerRecord {
  return containerRecord(`${pod}.${member}`, { manifest: null, pod, ...changes });
}

/** A pod with one init container and the containers named. */
export function podRecord(
  name: string,
  containers: readonly string[],
  changes: Partial<PodRecord> = {},
): PodRecord {
  const manifest: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { tier: 'data' } },
    spec: {
      containers: containers.map((container) => ({ name: container, image: 'localhost/demo:1' })),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
    },
  };
  return {
    schemaVersion: 1,
    kind: 'Pod',
    name,
    id: 'cd34ab12'.repeat(8),
    owner: { source: 'directory', file: '/etc/tsctr.d/db.yaml' },
    manifest,
    deletionRequestedAt: null,
    override: null,
    prepared: true,
    intent: null,
    lastError: null,
    createdAt: ago(60 * MINUTE),
    ...changes,
  };
}
