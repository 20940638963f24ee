import type { VolumeDetails, VolumeWish } from '../../engine/index.ts';

/** What a command can ask for that has to do with named volumes; a part of `Service`. Files are absolute paths. */
export interface VolumeService {
  create(wish: VolumeWish): Promise<VolumeDetails>;
  list(): Promise<VolumeView[]>;
  inspect(name: string): Promise<VolumeView | null>;
  /** Refused while a container or pod wants it, running or not. */
  remove(name: string): Promise<void>;
  /** Removes the volumes that nothing uses. */
  prune(): Promise<VolumeDetails[]>;
  /** Writes a tar archive of everything in it. */
  exportTo(name: string, file: string): Promise<void>;
  /** Fills an empty volume from a tar archive. */
  importFrom(name: string, file: string): Promise<VolumeDetails>;
}

export interface VolumeView extends VolumeDetails {
  /** `container/web`, `pod/db`: what names it in its manifest. */
  usedBy: readonly string[];
}
