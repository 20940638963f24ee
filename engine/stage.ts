import type { EffectObserver } from './contract/effects.ts';
import { joinErrors } from './engine-error.ts';

/**
 * One step of bringing something up, with its undo beside it. `down` is safe without `up`, and safe twice: after a crash
 * nobody knows how far `up` had come.
 */
export interface Stage<C> {
  readonly name: string;
  up(context: C): Promise<void>;
  down(context: C): Promise<void>;
}

/** Stages in their order; those of an inner array have nothing to do with each other and run side by side. */
export type StageList<C> = readonly (Stage<C> | readonly Stage<C>[])[];

/**
 * Goes up. At the first failure everything that may have been done is taken down again, the failed stage included, and the
 * errors are reported together, the first as the cause.
 */
export async function goUp<C>(
  stages: StageList<C>,
  context: C,
  options: { operation: string; observe: EffectObserver; signal?: AbortSignal },
): Promise<void> {
  for (const [index, entry] of stages.entries()) {
    const group = asGroup(entry);
    const results = await Promise.allSettled(
      group.map(async (stage) => {
        options.signal?.throwIfAborted();
        options.observe(`${stage.name}.up`, 'before');
        await stage.up(context);
        options.observe(`${stage.name}.up`, 'after');
      }),
    );
    const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []));
    if (failures.length === 0) continue;
    const undo = await collectDown(stages.slice(0, index + 1), context, options.observe);
    throw joinErrors(options.operation, [...failures, ...undo]) ?? new Error(options.operation);
  }
}

/** Comes down: every stage in reverse order, each tried even if one before it failed; the errors are joined. */
export async function goDown<C>(
  stages: StageList<C>,
  context: C,
  options: { operation: string; observe: EffectObserver },
): Promise<void> {
  const error = joinErrors(options.operation, await collectDown(stages, context, options.observe));
  if (error !== null) throw error;
}

async function collectDown<C>(stages: StageList<C>, context: C, observe: EffectObserver): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const entry of [...stages].reverse()) {
    const results = await Promise.allSettled(
      asGroup(entry).map(async (stage) => {
        observe(`${stage.name}.down`, 'before');
        await stage.down(context);
        observe(`${stage.name}.down`, 'after');
      }),
    );
    for (const result of results) if (result.status === 'rejected') errors.push(result.reason);
  }
  return errors;
}

function asGroup<C>(entry: Stage<C> | readonly Stage<C>[]): readonly Stage<C>[] {
  return 'up' in entry ? [entry] : entry;
}
