import type { ArchivePlace, ExecOptions, ExecResult, ExportResult } from '../engine/index.ts';
import type {
  CheckpointStep,
  CreateStep,
  ExportStep,
  InstanceStep,
  RestoreStep,
  RunOptions,
  StartStep,
  StopStep,
} from '../reconciler/index.ts';

/** One thing asked of a container machine: a step of a plan, or what a person asked for past the plan. */
export type Operation = (
  | CreateStep
  | StartStep
  | StopStep
  | InstanceStep<'pause'>
  | InstanceStep<'resume'>
  | InstanceStep<'update'>
  | (CheckpointStep & Pick<RunOptions, 'onPages'>)
  | (RestoreStep & Pick<RunOptions, 'onArchive'>)
  | (Omit<ExportStep, 'archive'> &
      Pick<RunOptions, 'onArchive'> & { archive: ArchivePlace; onResult: (result: ExportResult) => void })
  | InstanceStep<'cleanup'>
  | InstanceStep<'remove'>
  | { kind: 'kill'; container: string; signalNumber: number }
  | { kind: 'exec'; container: string; options: ExecOptions; onResult: (result: ExecResult) => void }
) & { signal?: AbortSignal };

export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;
