import type { RecordCollection, RecordStore } from '../../engine/index.ts';
import type { ContainerRecord, DeclaredCheckpointRecord, PodRecord } from '../../schemas/index.ts';

/** What survives a crash: the files of the records. */
export interface FakeDisk {
  containers: Map<string, string>;
  pods: Map<string, string>;
  checkpoints: Map<string, string>;
}

export function createFakeDisk(): FakeDisk {
  return { containers: new Map(), pods: new Map(), checkpoints: new Map() };
}

/** Called around every write: it may throw, or never come back, as a process does that was killed there. */
export type Boundary = (effect: string, phase: 'before' | 'after') => Promise<void>;

/** Records in memory, as one process sees them; a write is on `disk` once it has resolved. */
export function openFakeStore(disk: FakeDisk, boundary: Boundary = () => Promise.resolve()): RecordStore {
  return {
    containers: collection<ContainerRecord>(disk.containers, 'container', boundary),
    pods: collection<PodRecord>(disk.pods, 'pod', boundary),
    checkpoints: collection<DeclaredCheckpointRecord>(disk.checkpoints, 'checkpoint', boundary),
    damaged: [],
    settle: () => Promise.resolve(),
  };
}

function collection<T extends { name: string }>(
  files: Map<string, string>,
  kind: string,
  boundary: Boundary,
): RecordCollection<T> {
  const memory = new Map([...files].map(([name, text]) => [name, JSON.parse(text) as T]));
  return {
    get: (name) => memory.get(name) ?? null,
    list: () => [...memory.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    async put(record) {
      await boundary(`write ${kind} ${record.name}`, 'before');
      files.set(record.name, JSON.stringify(record));
      memory.set(record.name, JSON.parse(JSON.stringify(record)) as T);
      await boundary(`write ${kind} ${record.name}`, 'after');
    },
    // On disk with the next put, as after a crash before that.
    note(record) {
      memory.set(record.name, JSON.parse(JSON.stringify(record)) as T);
    },
    async remove(name) {
      await boundary(`delete ${kind} ${name}`, 'before');
      files.delete(name);
      memory.delete(name);
      await boundary(`delete ${kind} ${name}`, 'after');
    },
  };
}
