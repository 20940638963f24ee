import type { CheckpointAllowances, PlannedArchive, PreflightReport } from '../../engine/index.ts';
import type { DeclaredCheckpointRecord, OverlookedReason } from '../../schemas/index.ts';
import type { ApplyEvent, ApplySummary, ResourceName } from './apply-summary.ts';

/** What a command can ask for that has to do with checkpoints; a part of `Service`. */
export interface CheckpointService {
  /** Saves running containers, and ends them or lets them go on. */
  create(
    request: CreateCheckpointRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary>;
  /** Containers go on from their kept checkpoints. */
  restore(
    request: RestoreRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary>;
  /** Says whether a container could be saved now. */
  check(request: CheckCheckpointRequest): Promise<PreflightReport>;
  /** Removes kept checkpoints. Refused where the memory of a container is nowhere else. */
  remove(checkpoints: CheckpointName[]): Promise<void>;
  /** The manifests of kind Checkpoint, and what became of each. */
  declared(): Promise<DeclaredCheckpointView[]>;
  /** Public key that archives of this instance are signed with. */
  key(): Promise<string>;
}

export interface DeclaredCheckpointView {
  record: DeclaredCheckpointRecord;
  /** What it has made is among the checkpoints of its container now. */
  isThere: boolean;
}

export interface CreateCheckpointRequest {
  names: ResourceName[];
  then: 'stop' | 'leave-running';
  /** On top of what the manifests allow. */
  allowances: CheckpointAllowances;
  /** For the whole of it, milliseconds; null: as the manifest says. */
  timeoutMs: number | null;
  /** It stays until somebody removes it. */
  pin: boolean;
  /** Copies of memory while it runs. Default: as the manifest says. */
  preDumps?: number;
  /** `shutdown`: what is saved comes back after the boot. */
  by: 'hand' | 'shutdown';
  /** Written as one file afterwards; then it is one container. */
  archive?: PlannedArchive;
  /** Made an image of afterwards, which gets this name, with what `archive` says, which then has no file. Default: not. */
  image?: string;
}

export interface CheckCheckpointRequest {
  /** Of a record: `web`, or `db.app` for the container of a pod. */
  container: string;
  allowances: CheckpointAllowances;
}

export interface RestoreRequest {
  names: RestoreTarget[];
  /** Path of an archive that one container is to go on from; null: the kept checkpoints. */
  archive: string | null;
  /** In place of an archive the image of a checkpoint, which is pulled when it is not in the store. */
  image?: string;
  /** Reasons to refuse it that do not count. */
  ignore: OverlookedReason[];
  /** They run before all of their memory has come. Default: as their manifests say. */
  lazyPages?: boolean;
}

export interface RestoreTarget extends ResourceName {
  /** Number of the checkpoint, for a container. Default: the newest. */
  checkpoint?: number;
}

/** `web@3`. */
export interface CheckpointName {
  /** Of a record: `web`, or `db.app` for the container of a pod. */
  container: string;
  checkpoint: number;
}
