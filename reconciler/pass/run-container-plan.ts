import type { PagesProgress } from '../../engine/index.ts';
import { IllegalStateError, type CheckpointProduct, type DeclaredName } from '../../schemas/index.ts';
import { executePlan } from './execute-plan.ts';
import { describeFailure, explainFailure, isFinalFailure, reasonsOf } from './failure.ts';
import { placeOf } from '../checkpoint/checkpoint-product.ts';
import type { PassDeps } from './pass-deps.ts';
import type { Plan } from '../plan/plan.ts';
import { formatSize, reportStep } from './report-steps.ts';
import type { Step } from '../plan/step.ts';
import { withdrawWish } from '../wish/withdraw-wish.ts';

/** Carries out the plan of one container, tells of each step, and strikes out what was asked for once and is done, or has failed. */
export async function runContainerPlan(
  deps: PassDeps,
  plan: Plan,
  { begun, signal }: { begun: number; signal: AbortSignal },
): Promise<void> {
  const { name } = plan.resource;
  const declared = declaredIn(plan);
  if (declared === null) {
    await execute(deps, plan, { begun, signal }).catch(async (error: unknown) => {
      if (!signal.aborted) await withdrawWish(deps, name);
      throw error;
    });
    return;
  }
  const { underWay } = deps.wishes.declared;
  underWay.add(declared.id);
  try {
    await executeDeclared(deps, plan, { begun, signal, declared });
  } finally {
    underWay.delete(declared.id);
    // Only now, as the record of the container has changed before.
    deps.wake({ kind: 'Checkpoint', name: declared.name });
  }
}

/** The manifest of kind Checkpoint that the plan is for. */
function declaredIn({ steps }: Plan): DeclaredName | null {
  for (const step of steps) if (step.kind === 'checkpoint' || step.kind === 'export') return step.declared;
  return null;
}

/** A failure is that of the manifest, which tells of it and tries again: the container goes on as before. */
async function executeDeclared(
  deps: PassDeps,
  plan: Plan,
  { begun, signal, declared }: { begun: number; signal: AbortSignal; declared: DeclaredName },
): Promise<void> {
  const { handedOver, news } = deps.wishes.declared;
  const { id, generation } = declared;
  let done = 0;
  try {
    await execute(deps, plan, {
      begun,
      signal,
      as: declared,
      onStepDone: () => {
        done += 1;
      },
      onProduct: (product) => news.set(id, { generation, what: 'exported', product }),
    });
    handedOver.delete(id);
  } catch (error) {
    const failed = plan.steps[done]?.kind;
    if (signal.aborted || (failed !== 'checkpoint' && failed !== 'export')) throw error;
    handedOver.delete(id);
    // It has ended just before: there is nothing to hold against anybody.
    if (error instanceof IllegalStateError) return;
    deps.report({
      resource: { kind: 'Checkpoint', name: declared.name },
      what: 'failed',
      detail: describeFailure(error),
      ...reasonsOf(error),
    });
    news.set(id, {
      generation,
      what: 'failed',
      reason: failed === 'checkpoint' ? 'CheckpointFailed' : 'ExportFailed',
      message: explainFailure(error),
      isFinal: isFinalFailure(error),
    });
  }
}

interface Execution {
  begun: number;
  signal: AbortSignal;
  /** In whose name the progress is told, if not in the container's. */
  as?: DeclaredName;
  onStepDone?: () => void;
  onProduct?: (product: CheckpointProduct) => void;
}

function execute(deps: PassDeps, plan: Plan, execution: Execution): Promise<void> {
  const { begun, signal, as } = execution;
  const tellProgress = (detail: string): void => {
    const resource = as === undefined ? plan.resource : ({ kind: 'Checkpoint', name: as.name } as const);
    deps.report({ resource, what: 'progress', detail });
  };
  return executePlan(plan.steps, deps.runner, {
    signal,
    onStepDone: (step) => {
      fulfil(deps, plan.resource.name, step);
      reportStep(deps.report, step, {
        plan,
        record: deps.records.containers.get(plan.resource.name),
        tookMs: deps.clock.now() - begun,
      });
      execution.onStepDone?.();
    },
    onImage: ({ container, holds }, image) => {
      const { images, checkpointImages } = deps.wishes;
      (holds === 'rootfs' ? images : checkpointImages).set(container, image);
    },
    onProgress: ({ phase, layersDone, layersTotal }) => {
      tellProgress(`${phase} ${String(layersDone)}/${String(layersTotal)} layers`);
    },
    onArchive: (progress) => {
      tellProgress(describeBytes('archive', progress));
    },
    onExported: (_step, product) => {
      execution.onProduct?.(product);
      const { bytes, durationMs } = product;
      const place = product.kind === 'archive' ? product.path : placeOf(product);
      const detail = `${place}, ${formatSize(bytes)} after ${String(durationMs)} ms`;
      deps.report({ resource: plan.resource, what: 'exported', detail });
    },
    onPages: (progress) => {
      tellProgress(describeBytes('memory', progress));
    },
  });
}

/** What was asked for once is done. */
function fulfil({ wishes }: PassDeps, name: string, step: Step): void {
  switch (step.kind) {
    case 'stop':
      wishes.probeFailures.delete(name);
      wishes.stopTimeoutsMs.delete(name);
      return;
    case 'create':
      wishes.images.delete(name);
      return;
    case 'checkpoint':
    case 'export':
      // What a manifest asks for is no wish of somebody who waits for it here.
      if (step.declared === null) wishes.checkpoints.delete(name);
      return;
    case 'restore':
      wishes.images.delete(name);
      wishes.checkpointImages.delete(name);
      wishes.restarts.delete(name);
      wishes.probeFailures.delete(name);
      return;
    case 'start':
      wishes.restarts.delete(name);
      wishes.probeFailures.delete(name);
      return;
    default:
      return;
  }
}

/** `memory 12.0 of 48.0 MiB`. */
function describeBytes(what: string, { bytes, totalBytes }: PagesProgress): string {
  const mebibytes = (count: number): string => (count / 2 ** 20).toFixed(1);
  return totalBytes === null
    ? `${what} ${mebibytes(bytes)} MiB`
    : `${what} ${mebibytes(bytes)} of ${mebibytes(totalBytes)} MiB`;
}
