import type { ContainerRecord } from '../../schemas/index.ts';

/** A record of a container that was never made; `restartCount` tells one version from another. */
export function storedContainer(name: string, restartCount = 0): ContainerRecord {
  return {
    schemaVersion: 1,
    kind: 'Container',
    name,
    owner: { source: 'apply', file: '-' },
    manifest: null,
    pod: null,
    deletionRequestedAt: null,
    override: null,
    request: null,
    state: 'Configured',
    intent: null,
    pid: null,
    startedAt: null,
    exit: null,
    previousExit: null,
    restartCount,
    failuresInRow: 0,
    backoffUntil: null,
    ready: false,
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
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}
