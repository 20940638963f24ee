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
  /** Resolves when all that was noted is on stable storage. To be called before the lock is let go. */
  settle(): Promise<void>;
}

export interface RecordCollection<T extends { name: string }> {
  get(name: string): T | null;
  /** Sorted by name. */
  list(): T[];
  put(record: T): Promise<void>;
  /**
   * Changes it in memory at once; on disk it is with the next put, or a moment later. After a crash in between the record is as it was
   * before: only for what can be seen of the host anew. `isLast`: no put is about to follow, so that its own write begins at once.
   */
  note(record: T, options?: NoteOptions): void;
  remove(name: string): Promise<void>;
}

export interface NoteOptions {
  isLast?: boolean;
}

export interface DamagedRecord {
  path: string;
  /** Where the damaged file lies now. */
  setAsideAs: string;
  reason: string;
}
