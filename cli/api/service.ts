import type { ApplyEvent, ApplySummary, DataName, ResourceName } from './apply-summary.ts';
import type { ContainerRecord, PodRecord, ResolvedImage } from '../../schemas/index.ts';
import type { CheckpointService, DeclaredCheckpointView } from './checkpoint-service.ts';
import type { VolumeService } from './volume-service.ts';
import type { DataInfo, HostFacts, ImageDetails, PullPolicy, PullProgress } from '../../engine/index.ts';

export type { ApplyEvent, ApplySummary, DataName, ResourceName } from './apply-summary.ts';

/**
 * What a command can ask for. There are two of it with one meaning: `LocalService` holds the lock and the engine itself;
 * `RemoteService` talks to the daemon's socket. A conformance test runs against both. Everything that crosses it is plain JSON.
 */
export interface Service {
  apply(
    request: ApplyRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary>;
  delete(
    request: DeleteRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary>;
  /** What `apply` would do, without doing it. */
  plan(request: ApplyRequest): Promise<PlannedChange[]>;
  list(): Promise<ResourceView[]>;
  /** Tells all that is there, and then every change of it, until the signal is given: for `get -w`, `logs -f` and `wait`. */
  watch(onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
  /** start, stop, restart, kill, pause, resume of a container or pod. */
  act(request: ActRequest, onEvent: (event: ApplyEvent) => void, signal?: AbortSignal): Promise<ApplySummary>;
  /** Where the log files are: the command reads and follows them itself. */
  logs(
    name: ResourceName,
    container: string | null,
  ): Promise<{ current: string; previous: string; running: boolean }>;
  /** Config maps and secrets, without their values. */
  data(): Promise<DataInfo[]>;
  host(): Promise<HostFacts>;
  checkpoints: CheckpointService;
  volumes: VolumeService;
  images: {
    pull(
      reference: string,
      policy: PullPolicy,
      onProgress: (p: PullProgress) => void,
      signal?: AbortSignal,
    ): Promise<ResolvedImage>;
    list(): Promise<ImageDetails[]>;
    import(source: string, name: string | null, onProgress: (p: PullProgress) => void): Promise<ImageDetails>;
    inspect(reference: string): Promise<ImageDetails | null>;
    /** To where its name says, or to `destination`. */
    push(reference: string, destination: string | null): Promise<PushedImage>;
    remove(reference: string): Promise<void>;
    prune(): Promise<{ removed: ImageDetails[]; freedBytes: number }>;
  };
  close(): Promise<void>;
}

export interface PushedImage {
  /** As skopeo has it: `docker://registry.example/app:1`. */
  destination: string;
  /** Of the manifest here; what arrives may be compressed, and have another one. */
  digest: string;
}

export interface ManifestText {
  /** Path as it was given, `-` for standard input. */
  file: string;
  /** Absolute path, for ownership. */
  path: string;
  text: string;
}

export interface ApplyRequest {
  files: ManifestText[];
  /** Remove what an earlier apply of the same files made and that is no longer in them. */
  prune: boolean;
  /** Wait until everything is as wished, up to this many milliseconds; null: return when the plan has been carried out. */
  waitMs: number | null;
  /** Tell, with the summary, when each effect on the host began and ended. */
  trace?: boolean;
}

export interface DeleteRequest {
  names: ResourceName[];
  /** Config maps, secrets and declared volumes; those that do not exist are no error. */
  data?: DataName[];
  /** Names from manifests: those that do not exist are no error. */
  ignoreMissing: boolean;
  force: boolean;
}

export interface ActRequest {
  verb: 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume';
  names: ResourceName[];
  /** Signal name or number, for kill; null: KILL. */
  signal: string | null;
  /** Overrides terminationGracePeriodSeconds, in milliseconds. */
  timeoutMs: number | null;
}

/** One line of `diff`. */
export interface PlannedChange {
  resource: ResourceName | DataName;
  action:
    | 'create'
    | 'in place'
    | 'restart'
    | 'recreate'
    | 'start'
    | 'stop'
    | 'pause'
    | 'resume'
    | 'checkpoint'
    | 'restore'
    | 'remove'
    | 'none';
  /** Why, or why not: `spec.env[LOG_LEVEL]: info → debug`. */
  reasons: string[];
}

/** A resource as `get` and `describe` show it. */
export interface ResourceView {
  resource: ResourceName;
  record: ContainerRecord | PodRecord;
  /** Of a pod: its containers. */
  members: ContainerRecord[];
  /** `Running`, `Exited (1)`, `Paused` … */
  status: string;
  ready: { ready: number; total: number };
  restarts: number;
  /** For the NOTE column: `back-off, next try in 12 s`. */
  note: string;
  conditions: Condition[];
}

/** What a watch tells. */
export type WatchEvent =
  | { what: 'resource'; view: ResourceView; gone: boolean }
  /** A manifest of kind Checkpoint. */
  | { what: 'checkpoint'; view: DeclaredCheckpointView; gone: boolean }
  /** Once: what was there at the beginning has been told. */
  | { what: 'listed' };

/** As Kubernetes' conditions. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
}
