import { readEntries, readOnlyEntry } from './image-entries.ts';
import type {
  CoreEntry,
  FdinfoEntry,
  FileEntry,
  FsEntry,
  ImageEntries,
  InventoryEntry,
  KobjIds,
  MmEntry,
  MountEntry,
  PstreeEntry,
  StatsEntry,
} from './image-entry.ts';
import { ImageError } from './image-error.ts';
import type { ImageKind } from './image-kinds.ts';
import type { ImageSource } from './image-source.ts';

/** A host has at most 2^22 pids, a container far fewer. */
const MAX_PROCESSES = 100_000;
/** Entries of one file that are kept: open files, mounts, locks. */
const MAX_ENTRIES = 500_000;

/** Typed access to the images of one dump. Each method reads, checks and decodes when it is called. */
export class CheckpointImages {
  readonly source: ImageSource;

  constructor(source: ImageSource) {
    this.source = source;
  }

  /** Without it a dump is not complete. */
  get isComplete(): boolean {
    return this.source.sizes.has('inventory.img');
  }

  inventory(): Promise<InventoryEntry> {
    return this.#only('inventory.img', 'inventory');
  }

  /** The first process comes first; each parent is before its children. */
  async processes(): Promise<PstreeEntry[]> {
    const entries = await this.#all('pstree.img', 'pstree', MAX_PROCESSES);
    const seen = new Set<number>();
    for (const { pid, ppid } of entries) {
      if (seen.has(pid)) throw new ImageError('pstree.img', 0, `the process ${String(pid)} is there twice`);
      if (seen.size > 0 && !seen.has(ppid)) {
        throw new ImageError(
          'pstree.img',
          0,
          `the parent of the process ${String(pid)} is not there before it`,
        );
      }
      seen.add(pid);
    }
    return entries;
  }

  core(pid: number): Promise<CoreEntry> {
    return this.#only(`core-${String(pid)}.img`, 'core');
  }

  async ids(pid: number): Promise<KobjIds | null> {
    return (await this.#optional(`ids-${String(pid)}.img`, 'ids')) ?? (await this.core(pid)).ids ?? null;
  }

  /** Null for a zombie, which has none. */
  mm(pid: number): Promise<MmEntry | null> {
    return this.#optional(`mm-${String(pid)}.img`, 'mm');
  }

  fs(pid: number): Promise<FsEntry | null> {
    return this.#optional(`fs-${String(pid)}.img`, 'fs');
  }

  /** The descriptors of the table with that number, which processes may share. */
  async descriptors(filesId: number): Promise<FdinfoEntry[]> {
    const name = `fdinfo-${String(filesId)}.img`;
    return this.source.sizes.has(name) ? this.#all(name, 'fdinfo') : [];
  }

  /** Open files by their number. */
  async files(): Promise<Map<number, FileEntry>> {
    const entries = this.source.sizes.has('files.img') ? await this.#all('files.img', 'files') : [];
    return new Map(entries.map((entry) => [entry.id, entry]));
  }

  async mounts(): Promise<MountEntry[]> {
    const names = this.#namesOf(/^mountpoints-\d+\.img$/);
    return (await Promise.all(names.map((name) => this.#all(name, 'mountpoints')))).flat();
  }

  async locks(): Promise<ImageEntries['filelocks'][]> {
    return this.source.sizes.has('filelocks.img') ? this.#all('filelocks.img', 'filelocks') : [];
  }

  /** Names under which network namespaces are looked for at restore. */
  async externalNetworks(): Promise<string[]> {
    const names = this.#namesOf(/^netns-\d+\.img$/);
    const entries = await Promise.all(names.map((name) => this.#optional(name, 'netns')));
    return entries.flatMap((entry) => (entry?.ext_key === undefined ? [] : [entry.ext_key]));
  }

  /** Null where the processes had the host's. */
  async utsNamespace(): Promise<{ file: string; names: ImageEntries['utsns'] } | null> {
    const [file] = this.#namesOf(/^utsns-\d+\.img$/);
    return file === undefined ? null : { file, names: await this.#only(file, 'utsns') };
  }

  async memfds(): Promise<Map<number, string>> {
    const entries = this.source.sizes.has('memfd.img') ? await this.#all('memfd.img', 'memfd') : [];
    return new Map(entries.map(({ inode_id, name }) => [inode_id, name]));
  }

  hasEstablishedTcp(): boolean {
    return this.#namesOf(/^tcp-stream-[0-9a-f]+\.img$/).length > 0;
  }

  #namesOf(pattern: RegExp): string[] {
    return [...this.source.sizes.keys()].filter((name) => pattern.test(name));
  }

  async #only<Kind extends ImageKind>(name: string, kind: Kind): Promise<ImageEntries[Kind]> {
    return readOnlyEntry(name, await this.source.read(name), kind);
  }

  async #optional<Kind extends ImageKind>(name: string, kind: Kind): Promise<ImageEntries[Kind] | null> {
    return this.source.sizes.has(name) ? this.#only(name, kind) : null;
  }

  async #all<Kind extends ImageKind>(
    name: string,
    kind: Kind,
    limit = MAX_ENTRIES,
  ): Promise<ImageEntries[Kind][]> {
    const entries: ImageEntries[Kind][] = [];
    for (const entry of readEntries(name, await this.source.read(name), kind)) {
      if (entries.length === limit)
        throw new ImageError(name, 0, `it has more than ${String(limit)} entries`);
      entries.push(entry);
    }
    return entries;
  }
}

/** What `stats-dump` or `stats-restore` says. */
export function decodeStatistics(file: string, bytes: Buffer): StatsEntry {
  return readOnlyEntry(file, bytes, 'stats');
}
