import type { ContainerRecord, DeclaredCheckpointRecord, PodRecord } from '../../schemas/index.ts';

/**
 * The records of one root directory. Reading is from memory and immediate; a write resolves when it is on stable storage.
 * Whoever writes holds the lock of the root (`root-lock.ts`).
 */
export interface RecordStore {
  readonly containers: RecordCollection<ContainerRecord>;
  readonly pods: RecordCollection<PodRecord>;
  /** What manifests of kind Checkpoint ask for, and what became of it. */
  readonly checkpoints: RecordCollection<DeclaredCheckpointRecord>;
  /** Files that could not be read at opening; they were set aside, and the rest goes on. */
  readonly damaged: readonly DamagedRecord[];
}

export interface RecordCollection<T extends { name: string }> {
  get(name: string): T | null;
  /** Sorted by name. */
  list(): T[];
  put(record: T): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface DamagedRecord {
  path: string;
  /** Where the damaged file lies now. */
  setAsideAs: string;
  reason: string;
}
