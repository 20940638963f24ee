import {
  RECORD_SCHEMA_VERSION,
  type Container,
  type ContainerRecord,
  type Ownership,
  type Pod,
  type PodRecord,
} from '../../schemas/index.ts';
import { isoTime } from '../clock.ts';

/** The record of a container that exists only as a wish. */
export function newContainerRecord(wish: {
  name: string;
  owner: Ownership;
  manifest: Container | null;
  pod: string | null;
  now: number;
}): ContainerRecord {
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    kind: 'Container',
    name: wish.name,
    owner: wish.owner,
    manifest: wish.manifest,
    pod: wish.pod,
    deletionRequestedAt: null,
    override: null,
    request: null,
    state: 'Configured',
    intent: null,
    pid: null,
    startedAt: null,
    exit: null,
    previousExit: null,
    restartCount: 0,
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
    createdAt: isoTime(wish.now),
  };
}

/** The record of a pod that exists only as a wish. `id` becomes the name of its directory. */
export function newPodRecord(wish: { id: string; owner: Ownership; manifest: Pod; now: number }): PodRecord {
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    kind: 'Pod',
    name: wish.manifest.metadata.name,
    id: wish.id,
    owner: wish.owner,
    manifest: wish.manifest,
    deletionRequestedAt: null,
    override: null,
    prepared: false,
    intent: null,
    lastError: null,
    createdAt: isoTime(wish.now),
  };
}
