import type { InetSocketDescription, UnixSocketDescription } from '../../criu/image/socket-address.ts';
import type { ChangedFile, ContentSizes } from './checkpoint-contents.ts';

/** What can be told of a checkpoint without restoring it. */
export interface Inspection {
  path: string;
  layout: 'archive' | 'directory';
  /** The engine that made it, as far as its documents say. */
  engine: 'tsctr' | 'podman' | 'CRI-O' | 'containerd' | 'unknown';
  /** When it was made, ISO 8601; null where nothing tells. */
  madeAt: string | null;
  container: InspectedContainer;
  host: InspectedHost;
  /** Bytes, uncompressed. */
  sizes: ContentSizes;
  /** Microseconds and pages, with podman's names; null when CRIU has left none. */
  statistics: Record<string, number> | null;
  /** The first process, with its children. */
  processes: InspectedProcess[];
  mounts: InspectedMount[];
  sockets: InspectedSocket[];
  locks: number;
  rootfsChanges: { count: number; first: ChangedFile[] };
  deletedFiles: string[];
  /** What a restore must allow. */
  needs: { tcpEstablished: boolean; fileLocks: boolean; externalUnixSockets: boolean; terminal: boolean };
}

export interface InspectedContainer {
  id: string | null;
  name: string | null;
  image: string | null;
  /** Digest of the image's configuration, `sha256:…`. */
  imageId: string | null;
  runtime: string | null;
  /** When the container was created, not its checkpoint. */
  createdAt: string | null;
  hostname: string | null;
  addresses: { network: string; interface: string; address: string; mac: string | null }[];
}

export interface InspectedHost {
  /** `X86_64`, as CRIU says it. */
  architecture: string | null;
  kernel: string | null;
  criu: string | null;
  /** Version of the format of the images. */
  imageVersion: number | null;
}

export interface InspectedProcess {
  /** In the container's PID namespace. */
  pid: number;
  /** The kernel's short name for it. */
  command: string;
  /** Null when the memory with it is not in the checkpoint, as for zombies. */
  commandLine: string[] | null;
  executable: string | null;
  state: 'running' | 'dead' | 'stopped' | 'zombie' | 'unknown';
  threads: number;
  uid: number | null;
  gid: number | null;
  memory: ProcessMemory;
  workingDirectory: string | null;
  environmentKeys: string[] | null;
  /** Only on request. */
  environment?: Record<string, string>;
  openFiles: OpenFile[];
  children: InspectedProcess[];
}

/** Bytes. */
export interface ProcessMemory {
  mapped: number;
  /** In this checkpoint. */
  saved: number;
  /** In the one before it. */
  inParent: number;
}

export interface OpenFile {
  fd: number;
  /** CRIU's name: `REG`, `PIPE`, `INETSK`, … */
  type: string;
  /** A path, an address, or what else says what it is. */
  description: string;
}

export interface InspectedMount {
  destination: string;
  type: string;
  source: string;
  /** The name that CRIU looks for at restore; null for what it mounts itself. */
  external: string | null;
}

export type InspectedSocket =
  ({ family: 'inet' } & InetSocketDescription) | ({ family: 'unix' } & UnixSocketDescription);
