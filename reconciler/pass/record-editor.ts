import type { NoteOptions, RecordCollection, RecordStore } from '../../engine/index.ts';
import type { ContainerRecord, DeclaredCheckpointRecord, PodRecord } from '../../schemas/index.ts';
import type { ResourceName } from '../resource-key.ts';

/**
 * Records as several writers may change them: the reconciler writes wishes, the machines write facts. Each edit reads the record
 * anew, changes its part and is durable when it resolves; edits of one record run one after the other, so none is lost.
 */
export interface RecordEditor {
  readonly containers: EditableCollection<ContainerRecord>;
  readonly pods: EditableCollection<PodRecord>;
  readonly checkpoints: EditableCollection<DeclaredCheckpointRecord>;
  /** Calls back after every change, durable or noted. Returns a function that ends that. */
  onChange(listener: (resource: ResourceName) => void): () => void;
}

export interface EditableCollection<T> {
  get(name: string): T | null;
  list(): T[];
  /** Null when there is no such record any more. Returning the same object means that nothing is to be written. */
  edit(name: string, change: (record: T) => T): Promise<T | null>;
  /**
   * The same, without waiting for the disk: it is there with the next edit, or a moment later. After a crash in between the record is as it
   * was before. `isLast`: no edit is about to follow, and its own write begins at once.
   */
  note(name: string, change: (record: T) => T, options?: NoteOptions): Promise<T | null>;
  /** The same for a record that may be new. */
  noteNew(record: T): Promise<void>;
  /** Writes a record that may be new. */
  put(record: T): Promise<void>;
  remove(name: string): Promise<void>;
}

export function createRecordEditor(store: RecordStore): RecordEditor {
  const listeners = new Set<(resource: ResourceName) => void>();
  const notify = (resource: ResourceName): void => {
    for (const listener of [...listeners]) listener(resource);
  };
  return {
    containers: editable(store.containers, (name) => {
      notify({ kind: 'Container', name });
    }),
    pods: editable(store.pods, (name) => {
      notify({ kind: 'Pod', name });
    }),
    checkpoints: editable(store.checkpoints, (name) => {
      notify({ kind: 'Checkpoint', name });
    }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function editable<T extends { name: string }>(
  collection: RecordCollection<T>,
  notify: (name: string) => void,
): EditableCollection<T> {
  const last = new Map<string, Promise<unknown>>();
  /** Runs `write` after the writes of the same record that were asked for before. */
  function inTurn<R>(name: string, write: () => Promise<R>): Promise<R> {
    const turn = (last.get(name) ?? Promise.resolve()).then(write, write);
    last.set(name, turn);
    const forget = (): void => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(forget, forget);
    return turn;
  }
  return {
    get: (name) => collection.get(name),
    list: () => collection.list(),
    edit: (name, change) =>
      inTurn(name, async () => {
        const present = collection.get(name);
        if (present === null) return null;
        const next = change(present);
        if (next === present) return present;
        await collection.put(next);
        notify(name);
        return next;
      }),
    note: (name, change, options) =>
      inTurn(name, () => {
        const present = collection.get(name);
        if (present === null) return Promise.resolve(null);
        const next = change(present);
        if (next === present) return Promise.resolve(present);
        collection.note(next, options);
        notify(name);
        return Promise.resolve(next);
      }),
    noteNew: (record) =>
      inTurn(record.name, () => {
        collection.note(record);
        notify(record.name);
        return Promise.resolve();
      }),
    put: (record) =>
      inTurn(record.name, async () => {
        await collection.put(record);
        notify(record.name);
      }),
    remove: (name) =>
      inTurn(name, async () => {
        await collection.remove(name);
        notify(name);
      }),
  };
}
