import type { ContainerRequest, OciDevice, OciHooks, OciIdMapping, OciSeccomp } from '../../schemas/index.ts';
import type { HostFacts } from '../contract/host-facts.ts';
import type { ImageConfig } from '../contract/image-engine.ts';
import type { ResolvedUser } from './user.ts';

/**
 * Everything that a container's OCI spec is made from. Whoever calls has asked the host and read the files; from here on
 * it is a function of values.
 */
export interface SpecInput {
  request: ContainerRequest;
  /** Null with `spec.rootfs`. */
  imageConfig: ImageConfig | null;
  host: HostFacts;
  user: ResolvedUser;
  /** The mounted root filesystem on the host. */
  rootfsPath: string;
  /** Files and directories that the engine provides, container path → host path: /etc/hosts, /dev/shm and the like. */
  providedFiles: Readonly<Record<string, string>>;
  /** Namespaces that exist already and are joined. What is not named here is new, or the host's if the manifest says so. */
  namespacePaths: Readonly<Partial<Record<JoinableNamespace, string>>>;
  volumes: readonly ResolvedMount[];
  /** As the runtime wants it: a path, or systemd's `slice:prefix:name`; null leaves it to the runtime. */
  cgroupsPath: string | null;
  /** The unit of systemd that holds its monitor. */
  monitorUnit?: string;
  limits: HostLimits;
  /** For a privileged container every device of the host, else those that the manifest asks for. */
  deviceNodes: readonly DeviceNode[];
  /** Values that `valueFrom` and `envFrom` refer to. */
  values?: ValueSources;
  /** The parsed profile, where the manifest says `seccompProfile.type: Localhost`. */
  localhostSeccomp?: OciSeccomp;
  /** Name of the AppArmor profile for `RuntimeDefault`, once it is loaded. Without it none is set. */
  defaultAppArmorProfile?: string;
  /** Labels for SELinux hosts; the process has none where it is not kept apart from the host. */
  seLinux?: { processLabel: string | null; mountLabel: string };
  /** Maps of a new user namespace. */
  userNamespace?: { uidMappings: readonly OciIdMapping[]; gidMappings: readonly OciIdMapping[] };
  /** Names of the sockets that are handed down from descriptor 3 on, sd_listen_fds(3). */
  listenSockets?: readonly string[];
  /** Hooks that were chosen out of the hooks directories. */
  hooks?: OciHooks;
  /** Changes that CDI devices ask for. */
  cdi?: ContainerEdits;
}

export type JoinableNamespace = 'net' | 'ipc' | 'uts' | 'pid' | 'user' | 'cgroup';

/** A volume after its source was found, made and, where asked for, resolved below its volume. */
export interface ResolvedMount {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
  /** Further mount options: a propagation such as `rslave`, `nosuid`, `nodev`. */
  options: readonly string[];
}

/** What this process may hand on, from getrlimit(2) and /proc/self/status. */
export interface HostLimits {
  nofileHard: number;
  nprocHard: number;
  /** Names of the capabilities in our bounding set, `parseCapabilityMask`; the most that a privileged container gets. */
  capabilities?: readonly string[];
  /** Whether the memory controller can limit swap; default true. */
  swapLimit?: boolean;
  /** How readily this process is killed for memory, proc_pid_oom_score_adj(5); default 0. */
  oomScoreAdj?: number;
}

/** A device node of the host and what the container may do with it. */
export interface DeviceNode extends OciDevice {
  /** Out of `r`, `w`, `m`. */
  permissions: string;
}

/** The data that environment variables are taken from. */
export interface ValueSources {
  /** Name → key → value. */
  configMaps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the host has, for resources that the container does not limit. */
  capacity?: { cpus: number; memoryBytes: number };
  podIPs?: readonly string[];
  hostIP?: string;
}

/** containerEdits of a CDI specification, as far as a spec carries them. */
export interface ContainerEdits {
  env: readonly string[];
  deviceNodes: readonly DeviceNode[];
  mounts: readonly ResolvedMount[];
  hooks: OciHooks;
  additionalGids: readonly number[];
}
