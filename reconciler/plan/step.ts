import type {
  CheckpointAllowances,
  PlannedArchive,
  PullPolicy,
  RetentionPolicy,
} from '../../engine/index.ts';
import type {
  CheckpointProduct,
  CheckpointSettings,
  ContainerRecord,
  ContainerRequest,
  DeclaredName,
  KeptCheckpoint,
  OverlookedReason,
  RestoredRun,
} from '../../schemas/index.ts';

/**
 * One thing to be done to one resource. A step is complete: ids, images, signals and times stand in it, and whoever carries it
 * out chooses nothing.
 */
export type Step = ContainerStep | PodStep;
export type StepKind = Step['kind'];

export type ContainerStep =
  | PullImageStep
  | CreateStep
  | StartStep
  | StopStep
  | InstanceStep<'pause'>
  | InstanceStep<'resume'>
  | InstanceStep<'update'>
  | CheckpointStep
  | RestoreStep
  | ExportStep
  | InstanceStep<'cleanup'>
  | InstanceStep<'remove'>
  | ForgetContainerStep;

export type PodStep =
  | AddMemberStep
  | DropMemberStep
  | { kind: 'prepare-pod'; pod: string }
  | { kind: 'release-pod'; pod: string }
  | { kind: 'forget-pod'; pod: string };

/** Brings the image onto this host. The next pass makes the container from what it resolved to, or restores it from there. */
export interface PullImageStep {
  kind: 'pull-image';
  container: string;
  reference: string;
  policy: PullPolicy;
  /** Whether it holds the root filesystem, or a checkpoint. */
  holds: 'rootfs' | 'checkpoint';
}

export interface CreateStep {
  kind: 'create';
  container: string;
  request: ContainerRequest;
  /** What the record's count becomes: one more when the policy restarts it, 0 for a new or changed container. */
  restartCount: number;
}

/** Something done to the present instance. For `update` the request holds the new limits. */
export interface InstanceStep<Kind extends string> {
  kind: Kind;
  container: string;
  request: ContainerRequest;
}

export interface StartStep extends InstanceStep<'start'> {
  /** It follows its creation, whose intent holds for it as well. */
  followsCreate: boolean;
}

export interface StopStep extends InstanceStep<'stop'> {
  signalNumber: number;
  timeoutMs: number;
  /** True when it is stopped because it does not work: then the back-off counts it. */
  isFailure: boolean;
}

export interface CheckpointStep extends InstanceStep<'checkpoint'> {
  then: 'stop' | 'leave-running';
  /** Its number. */
  id: number;
  allowances: CheckpointAllowances;
  /** Which of the earlier ones stay. */
  retention: RetentionPolicy;
  /** It is to be of use after its restore as well. */
  repeatable: boolean;
  pin: boolean;
  /** Copies of memory that are made while it still runs. */
  preDumps: number;
  /** For the whole of it; null: the engine's own bound. */
  timeoutMs: number | null;
  by: KeptCheckpoint['by'];
  /** It will be exported there by a later step. */
  archive: PlannedArchive | null;
  /** What another try may allow; null: the engine's own judgement. */
  retryWith: CheckpointSettings['retryWith'] | null;
  /** The manifest of kind Checkpoint that asks for it; null: none does. */
  declared: DeclaredName | null;
}

/** Writes a kept checkpoint as one file, or makes an image of it. */
export interface ExportStep extends InstanceStep<'export'> {
  /** Its number; null: the newest. */
  checkpoint: number | null;
  /** Without a file for an image. */
  archive: PlannedArchive;
  /** Name of the image; null: it becomes a file. */
  image: string | null;
  declared: DeclaredName | null;
}

/** From a kept checkpoint, with what that one allowed, or out of an archive. */
export interface RestoreStep extends InstanceStep<'restore'> {
  /** Number of the kept checkpoint; null: one from elsewhere. */
  checkpoint: number | null;
  /** Path; null: no archive. */
  archive: string | null;
  /** Image of a checkpoint, which is in the store; null: none. */
  image: string | null;
  /** Reasons to refuse it that do not count. */
  ignore: readonly OverlookedReason[];
  /** It runs before all of its memory has come. */
  lazyPages: boolean;
  why: RestoredRun['why'];
  /** What the record's count becomes. */
  restartCount: number;
}

/** Sends the image of a checkpoint to a registry. */
export interface PushImageStep {
  kind: 'push-image';
  /** The manifest of kind Checkpoint. */
  checkpoint: string;
  image: string;
  /** As `tsctr image push` takes it; null: where its name says. */
  destination: string | null;
}

/** Removes one kept checkpoint of a container. */
export interface RemoveCheckpointStep {
  kind: 'remove-checkpoint';
  container: string;
  /** Its number. */
  checkpoint: number;
}

/** Removes the archive or the image that a checkpoint has become, unless something else has taken its place. */
export interface RemoveProductStep {
  kind: 'remove-product';
  /** The manifest of kind Checkpoint. */
  checkpoint: string;
  product: CheckpointProduct;
}

/** Removes the record, when nothing of the container is left on the host. */
export interface ForgetContainerStep {
  kind: 'forget';
  container: string;
}

/** Writes the record of a pod's member; the member's own pass does the rest. */
export interface AddMemberStep {
  kind: 'add-member';
  pod: string;
  record: ContainerRecord;
}

/** Asks for the deletion of a member. */
export interface DropMemberStep {
  kind: 'drop-member';
  pod: string;
  container: string;
}
