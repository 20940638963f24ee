import type { ContainerObservation } from '../../engine/index.ts';
import type { CheckpointProduct, ContainerRecord, ResolvedImage } from '../../schemas/index.ts';
import type { PagesProgress, PullProgress } from '../../engine/index.ts';
import type {
  AddMemberStep,
  CheckpointStep,
  CreateStep,
  DropMemberStep,
  ExportStep,
  ForgetContainerStep,
  InstanceStep,
  PullImageStep,
  PushImageStep,
  RemoveCheckpointStep,
  RemoveProductStep,
  RestoreStep,
  StartStep,
  StopStep,
} from '../plan/step.ts';

export interface RunOptions {
  signal?: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
  /** Told while the memory of a container is written. */
  onPages?: (progress: PagesProgress) => void;
  /** Told while an archive is written or read. */
  onArchive?: (progress: PagesProgress) => void;
}

/** A record that agrees with the host, and what was seen there. */
export interface Sighting {
  record: ContainerRecord;
  observation: ContainerObservation;
}

/**
 * Carries out steps: one method for each kind. The reconciler decides and calls; `machines/` implements it and is the only caller
 * of the engine's lifecycle verbs. A method resolves when its effect is done and on record; it rejects with a typed error, and
 * the record then says what is so.
 */
export interface StepRunner {
  /** Looks at the host and says what the record would be if it agreed with it. Changes nothing. */
  observe(record: ContainerRecord): Promise<Sighting>;
  /** The same, and puts it on record, interrupted intents included. Null: there is no such record. */
  recover(container: string): Promise<Sighting | null>;

  pullImage(step: PullImageStep, options: RunOptions): Promise<ResolvedImage>;
  create(step: CreateStep, options: RunOptions): Promise<void>;
  start(step: StartStep, options: RunOptions): Promise<void>;
  stop(step: StopStep, options: RunOptions): Promise<void>;
  pause(step: InstanceStep<'pause'>, options: RunOptions): Promise<void>;
  resume(step: InstanceStep<'resume'>, options: RunOptions): Promise<void>;
  update(step: InstanceStep<'update'>, options: RunOptions): Promise<void>;
  checkpoint(step: CheckpointStep, options: RunOptions): Promise<void>;
  restore(step: RestoreStep, options: RunOptions): Promise<void>;
  export(step: ExportStep, options: RunOptions): Promise<CheckpointProduct>;
  cleanup(step: InstanceStep<'cleanup'>, options: RunOptions): Promise<void>;
  remove(step: InstanceStep<'remove'>, options: RunOptions): Promise<void>;
  forget(step: ForgetContainerStep): Promise<void>;

  addMember(step: AddMemberStep): Promise<void>;
  dropMember(step: DropMemberStep): Promise<void>;
  preparePod(pod: string, options: RunOptions): Promise<void>;
  releasePod(pod: string, options: RunOptions): Promise<void>;
  forgetPod(pod: string): Promise<void>;

  removeCheckpoint(step: RemoveCheckpointStep): Promise<void>;
  removeProduct(step: RemoveProductStep): Promise<void>;
  /** Returns where it was sent, and the digest of its manifest. */
  pushImage(step: PushImageStep, options: RunOptions): Promise<{ destination: string; digest: string }>;

  /** Sends a signal at once, past the queue: for `tsctr kill`. */
  kill(container: string, signalNumber: number): Promise<void>;
}
