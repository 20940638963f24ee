import type { DeclaredVolume, VolumeDeclaration, VolumeOptions } from '../../schemas/index.ts';

/** Named volumes. Which containers want a volume is the caller's to know: `users`, names of resources by volume. */
export interface VolumeEngine {
  /** The volume, made when it is missing; other options than it has are an error. */
  create(wish: VolumeWish): Promise<VolumeDetails>;
  /** Makes the volume as its manifest says, or makes one that is there the manifest's. Other options than it has are an error. */
  declare(volume: DeclaredVolume): Promise<void>;
  /** What `declare` would do. Throws what it would throw, and changes nothing. */
  compare(volume: DeclaredVolume): Promise<VolumeComparison>;
  /** Its manifest has gone: what becomes of the volume and its data is for the manifest's reclaim policy to say. */
  withdraw(name: string): Promise<void>;
  /** Removes those whose manifest has gone with policy Delete and that nothing uses any more; returns their names. */
  reap(users: VolumeUsers): Promise<string[]>;
  /** Sorted by name. */
  list(): Promise<VolumeDetails[]>;
  /** Null when there is none of that name. */
  find(name: string): Promise<VolumeDetails | null>;
  /** Removes it with everything in it. VOLUME_IN_USE when somebody wants it or has it mounted. */
  remove(name: string, users: VolumeUsers): Promise<void>;
  /** Removes all that nobody wants or has mounted, and that no manifest declares. */
  prune(users: VolumeUsers): Promise<VolumeDetails[]>;
  /** Writes everything in it to `file`, a path, as a tar archive. */
  exportTo(name: string, file: string): Promise<void>;
  /** Fills an empty volume, made when it is missing, from the tar archive `file`, all or nothing. */
  importFrom(name: string, file: string): Promise<VolumeDetails>;
}

export interface VolumeWish {
  name: string;
  labels?: Readonly<Record<string, string>>;
  options?: VolumeOptions;
}

/** What differs between a volume and its manifest: `labels[tier]: db → cache`. */
export interface VolumeComparison {
  change: 'new' | 'changed' | 'unchanged';
  reasons: string[];
}

export type VolumeUsers = ReadonlyMap<string, readonly string[]>;

export interface VolumeDetails {
  name: string;
  driver: 'local';
  labels: Readonly<Record<string, string>>;
  options: VolumeOptions;
  createdAt: string;
  /** The manifest that it stands in; null: made on first use or by command. */
  declaration: VolumeDeclaration | null;
  /** True when it goes as soon as nothing uses it. */
  isCondemned: boolean;
  /** Directory of the host with what is in it, while it is mounted if it has a file system of its own. */
  path: string;
  /** Ids of the containers that have it mounted. */
  mountedBy: string[];
}
