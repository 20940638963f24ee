import type { CheckpointProduct, ResolvedImage } from '../../schemas/index.ts';
import type { ExportStep, PullImageStep, Step } from '../plan/step.ts';
import type { RunOptions, StepRunner } from './step-runner.ts';

export interface ExecuteOptions extends RunOptions {
  /** Called after each step that succeeded. */
  onStepDone?: (step: Step) => void;
  onExported?: (step: ExportStep, product: CheckpointProduct) => void;
  onImage?: (step: PullImageStep, image: ResolvedImage) => void;
}

/** Carries the steps out in their order. Stops at the first that fails and throws its error; chooses nothing. */
export async function executePlan(
  steps: readonly Step[],
  runner: StepRunner,
  options: ExecuteOptions = {},
): Promise<void> {
  for (const step of steps) {
    options.signal?.throwIfAborted();
    await executeStep(step, runner, options);
    options.onStepDone?.(step);
  }
}

async function executeStep(step: Step, runner: StepRunner, options: ExecuteOptions): Promise<void> {
  switch (step.kind) {
    case 'pull-image': {
      const { id } = await runner.pullImage(step, options);
      options.onImage?.(step, { reference: step.reference, id });
      return;
    }
    case 'create':
      return runner.create(step, options);
    case 'start':
      return runner.start(step, options);
    case 'stop':
      return runner.stop(step, options);
    case 'pause':
      return runner.pause(step, options);
    case 'resume':
      return runner.resume(step, options);
    case 'update':
      return runner.update(step, options);
    case 'checkpoint':
      return runner.checkpoint(step, options);
    case 'restore':
      return runner.restore(step, options);
    case 'export':
      options.onExported?.(step, await runner.export(step, options));
      return;
    case 'cleanup':
      return runner.cleanup(step, options);
    case 'remove':
      return runner.remove(step, options);
    case 'forget':
      return runner.forget(step);
    case 'add-member':
      return runner.addMember(step);
    case 'drop-member':
      return runner.dropMember(step);
    case 'prepare-pod':
      return runner.preparePod(step.pod, options);
    case 'release-pod':
      return runner.releasePod(step.pod, options);
    case 'forget-pod':
      return runner.forgetPod(step.pod);
  }
}
