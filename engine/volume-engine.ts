import type { VolumeOptions } from '../schemas/index.ts';

/** Named volumes. Which containers want a volume is the caller's to know: `users`, names of resources by volume. */
export interface VolumeEngine {
  /** The volume, made when it is missing; other options than it has are an error. */
  create(wish: VolumeWish): Promise<VolumeDetails>;
  /** Sorted by name. */
  list(): Promise<VolumeDetails[]>;
  /** Null when there is none of that name. */
  find(name: string): Promise<VolumeDetails | null>;
  /** Removes it with everything in it. VOLUME_IN_USE when somebody wants it or has it mounted. */
  remove(name: string, users: VolumeUsers): Promise<void>;
  /** Removes all that nobody wants or has mounted. */
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

export type VolumeUsers = ReadonlyMap<string, readonly string[]>;

export interface VolumeDetails {
  name: string;
  driver: 'local';
  labels: Readonly<Record<string, string>>;
  options: VolumeOptions;
  createdAt: string;
  /** Directory of the host with what is in it, while it is mounted if it has a file system of its own. */
  path: string;
  /** Ids of the containers that have it mounted. */
  mountedBy: string[];
}
