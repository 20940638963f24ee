import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../../native/index.ts';
import type { CheckpointDetails } from '../../contract/checkpoint-details.ts';
import type { ExternalMount } from '../external-mounts.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** `checkpoint.json`: what a restore must know that CRIU's images do not say. It is the last file to be written of a checkpoint. */
export interface CheckpointRecord extends Omit<
  CheckpointDetails,
  'id' | 'directory' | 'repeatable' | 'pinned'
> {
  version: 1;
  /** Absent: as `leftRunning`. */
  repeatable?: boolean;
  pinned?: boolean;
  externalMounts: readonly ExternalMount[];
  /** Name under which CRIU looks for the network namespace at restore; null when the container has the host's. */
  networkNamespace: string | null;
}

/** Names within the directory of a checkpoint. */
export const CHECKPOINT_FILES = {
  record: 'checkpoint.json',
  images: 'images',
  /** Copies of memory that were made before, with a number: `pre-dump-1`. */
  preDump: 'pre-dump-',
  /** Within the images, as OCI runtimes have it: what was open as 0, 1 and 2. */
  descriptors: 'images/descriptors.json',
  inventory: 'images/inventory.img',
  sharedMemory: 'devshm-checkpoint.tar',
  emptyDirs: 'empty-dirs',
  upper: 'upper',
  volumes: 'volumes',
  /** The OCI specification, as other engines call it in an archive. */
  spec: 'spec.dump',
  environment: 'environment.json',
} as const;

export async function writeCheckpointRecord(directory: string, record: CheckpointRecord): Promise<void> {
  await writeFile(path.join(directory, CHECKPOINT_FILES.record), JSON.stringify(record, null, 2), {
    mode: 0o600,
  });
}

/** The record of a complete checkpoint; null when there is none, or only a part of one. */
export async function readCheckpointRecord(directory: string): Promise<CheckpointRecord | null> {
  try {
    const text = await readAtOnce(path.join(directory, CHECKPOINT_FILES.record));
    if (!existsSync(path.join(directory, CHECKPOINT_FILES.inventory))) return null;
    return JSON.parse(text) as CheckpointRecord;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** What there is to tell of the checkpoint in a directory; null when it is not complete. */
export async function findCheckpointIn(directory: string, id: number): Promise<CheckpointDetails | null> {
  const record = await readCheckpointRecord(directory);
  if (record === null) return null;
  const { createdAt, leftRunning, allowances, statistics, sizes, host, imageId } = record;
  const { repeatable = leftRunning, pinned = false } = record;
  const kept = { id, directory, createdAt, leftRunning, repeatable, pinned };
  return { ...kept, allowances, statistics, sizes, host, imageId };
}
