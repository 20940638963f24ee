import type { ResolvedImage } from '../../schemas/index.ts';
import type { EffectOptions } from './effects.ts';

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

export interface ImageEngine {
  /** Makes sure that the image is present and unpacked, as the policy says. */
  ensure(reference: string, policy: PullPolicy, options?: PullOptions): Promise<ResolvedImage>;
  /** Looks only into the local store. */
  find(reference: string): Promise<ImageDetails | null>;
  list(): Promise<ImageDetails[]>;
  /** Brings archives and layouts in under a name: `oci-archive:`, `docker-archive:`, `oci:`, `dir:`. */
  import(source: string, name: string | null, options?: PullOptions): Promise<ImageDetails>;
  /**
   * Makes an image of a checkpoint, as podman does: one layer, which is the archive that `write` makes, not compressed, in the file
   * that it is given. What has that name is replaced when the new one is complete.
   */
  packCheckpoint(name: string, write: (file: string) => Promise<void>): Promise<ImageDetails>;
  /** Path of the archive in a checkpoint image of the store, for `restore`. Throws for any other image. */
  checkpointArchive(reference: string): Promise<string>;
  /**
   * Full name under which a registry has handed out this image, by TLS or on this host; null: none has. A name in the store is what
   * somebody has called it, this is where it came from.
   */
  originOf(reference: string): Promise<string | null>;
  /** Copies an image of the store to a registry, or to `oci:`, `oci-archive:`, `docker-archive:`, `dir:`. Default: to where its name says. */
  push(
    reference: string,
    destination: string | null,
    options?: EffectOptions,
  ): Promise<{ destination: string; digest: string }>;
  /** Removes the name, and the image when it was its last. Refused with the users' names when containers use it. */
  remove(reference: string, inUse: ReadonlySet<string>): Promise<void>;
  /** Removes images that nothing uses; returns what was removed and the bytes freed. */
  prune(inUse: ReadonlySet<string>): Promise<{ removed: ImageDetails[]; freedBytes: number }>;
  /** Directories of the unpacked layers of an image, lowest first, for overlayfs. */
  layerPaths(imageId: string): Promise<string[]>;
  /** The OCI image configuration. */
  config(imageId: string): Promise<ImageConfig>;
}

export interface PullOptions {
  signal?: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
}

export interface PullProgress {
  phase: 'fetching' | 'unpacking' | 'done';
  layersDone: number;
  layersTotal: number;
  bytes: number;
}

export interface ImageDetails {
  /** All names that lead here, fully qualified: `docker.io/library/busybox:latest`, `localhost/demo:1`. */
  names: string[];
  /** Digest of the configuration: `sha256:…`. */
  id: string;
  /** Digest of the manifest. */
  digest: string;
  createdAt: string | null;
  /** Bytes of the compressed layers. */
  size: number;
  layers: number;
  architecture: string;
  os: string;
}

/** The parts of the OCI image configuration that make a container (image-spec, config.md). */
export interface ImageConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}
