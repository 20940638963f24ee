import type { IdMaps } from './id-translation.ts';

/** The user namespace of a container that has one. */
export interface ContainerUserNamespace extends IdMaps {
  /** A file of nsfs with these maps, for id-mapped mounts: pinned, or of a process. */
  readonly file: string;
  /** The runtime joins `file`; otherwise it makes a namespace of its own with the same maps. */
  readonly joined: boolean;
}
