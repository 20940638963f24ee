import type { ContainerRequest } from '../../schemas/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { ArchiveTrust } from '../checkpoint/archive/archive-trust.ts';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';
import type { CgroupOwner } from '../cgroup/cgroup-path.ts';
import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import type { EffectObserver } from '../contract/effects.ts';
import type { HostFacts } from '../contract/host-facts.ts';
import type { ImageConfig, ImageEngine } from '../contract/image-engine.ts';
import type { HostFiles } from '../host-files.ts';
import type { ContainerPaths, HostPaths, PodPaths } from '../host-paths.ts';
import type { RunCommand } from '../process/run-command.ts';
import type { ImageStoreEngine } from '../image/create-image-engine.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';
import type { WaitingMonitor } from '../runtime/waiting-monitor.ts';
import type { DataStore } from '../secret/data-store.ts';
import type { ResolvedMount } from '../spec/spec-input.ts';
import type { ContainerUserNamespace } from '../userns/container-user-namespace.ts';
import type { IdRanges } from '../userns/id-ranges.ts';
import { intoHost } from '../userns/id-translation.ts';
import type { VolumeStore } from '../volume/volume-store.ts';
import type { ExitWatcher } from './exit-watcher.ts';

/** What the verbs of the engine work with; made once for each instance. */
export interface EngineParts {
  readonly kernel: Kernel;
  readonly paths: HostPaths;
  readonly facts: HostFacts;
  readonly cgroupLayout: CgroupLayout;
  readonly cgroupOwner: CgroupOwner;
  /** Null: monitors stay in the cgroup of whoever starts them. */
  readonly monitors: MonitorScope | null;
  readonly runtime: OciRuntime;
  readonly images: ImageEngine & Partial<Pick<ImageStoreEngine, 'rootStatus'>>;
  readonly volumes: VolumeStore;
  readonly idRanges: IdRanges;
  readonly runCommand: RunCommand;
  /** The values of config maps and secrets. */
  readonly data: DataStore;
  readonly exits: ExitWatcher;
  /** Whose archives are restored. Default: only our own. */
  readonly archiveTrust?: ArchiveTrust;
  readonly observeEffect: EffectObserver;
  /** For conmon, when a container ends while nobody watches: the command, to which the id is added. */
  readonly exitCommand: readonly string[] | null;
  /** Default: those of the field, `HOST_FILES`. */
  readonly hostFiles?: HostFiles;
  /** What people should know although it is no error. Default: nobody is told. */
  readonly notice?: (container: string, message: string) => void;
}

/** What the stages of one creation hand on to each other. */
export interface ContainerContext {
  readonly parts: EngineParts;
  readonly request: ContainerRequest;
  readonly paths: ContainerPaths;
  /** Of the pod that it is a member of. */
  readonly pod: PodPaths | null;
  /** From when it waits; released by the stage that creates. */
  monitor: WaitingMonitor | null;
  imageConfig: ImageConfig | null;
  /** Null: the container's users are those of the host. */
  userNamespace: ContainerUserNamespace | null;
  volumes: ResolvedMount[];
  /** Path in the container → file or directory of the host that is mounted there. */
  providedFiles: Record<string, string>;
  /** The processes go on where they were, and so does their log: it is not put aside. */
  readonly continuesLog?: boolean;
}

export function createContext(parts: EngineParts, request: ContainerRequest): ContainerContext {
  return {
    parts,
    request,
    paths: parts.paths.container(request.id),
    pod: request.pod === null ? null : parts.paths.pod(request.pod.id),
    monitor: null,
    imageConfig: null,
    userNamespace: null,
    volumes: [],
    providedFiles: {},
  };
}

/** Where the root filesystem of the container is on the host: its own mount, or the directory that the manifest names. */
export function rootfsPath({ request, paths, userNamespace }: ContainerContext): string {
  return userNamespace === null ? (request.spec.rootfs ?? paths.rootfs) : paths.rootfs;
}

/** A user and group of the container as the host knows them. */
export function hostOwner(
  { userNamespace }: Pick<ContainerContext, 'userNamespace'>,
  { uid, gid }: { uid: number; gid: number },
): { uid: number; gid: number } {
  if (userNamespace === null) return { uid, gid };
  const ids = intoHost(userNamespace);
  return { uid: ids.uid(uid), gid: ids.gid(gid) };
}

/** True when /dev/shm is the host's: it follows the IPC namespace. */
export function usesHostIpc(request: ContainerRequest): boolean {
  return request.spec.hostIPC === true;
}

/** True when the network namespace is the host's. */
export function usesHostNetwork(request: ContainerRequest): boolean {
  return request.spec.hostNetwork === true || request.spec.network === 'host';
}
