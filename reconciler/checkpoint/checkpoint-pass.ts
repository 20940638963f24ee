import { checkpointTarget, keptCheckpointsOf, type DeclaredCheckpointRecord } from '../../schemas/index.ts';
import { carryOut } from './carry-out-checkpoint.ts';
import { standing } from './checkpoint-status.ts';
import { requeueAfter, settled, type Outcome } from '../loop/outcome.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import {
  planCheckpoint,
  type CheckpointMove,
  type CheckpointSituation,
  type MadeCheckpoint,
} from './plan-checkpoint.ts';
import { formatReason } from '../plan/plan-reason.ts';
import type { Progress } from '../progress.ts';

/** Moves within one pass; a sound planner needs a dozen, and one for each thing to reclaim. */
const MOST_MOVES = 200;

/**
 * Looks at one manifest of kind Checkpoint, and does what is to be done for it. The container is saved by its own pass, to which this
 * one hands over: nothing else may work on it. Whether it was saved stands in the container's record, with the checkpoint itself, so
 * that no crash makes one twice.
 */
export async function passOverCheckpoint(
  deps: PassDeps,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  let hasActed = false;
  for (let count = 0; count < MOST_MOVES; count += 1) {
    const record = deps.records.checkpoints.get(name);
    if (record === null) return settled({ why: 'as-wished' });
    const situation = checkpointSituation(deps, record);
    const move = planCheckpoint(situation);
    if (move.do === 'rest') return await comeToRest(deps, situation, { move, hasActed });
    signal.throwIfAborted();
    await carryOut(deps, situation, { move, signal });
    hasActed = true;
  }
  return requeueAfter(1000, { why: 'steps-follow' });
}

/** Gathers what the next move rests on. */
export function checkpointSituation(
  { records, wishes, clock }: Pick<PassDeps, 'records' | 'wishes' | 'clock'>,
  record: DeclaredCheckpointRecord,
): CheckpointSituation {
  const { id, generation } = record;
  const { handedOver, underWay, news } = wishes.declared;
  const target = records.containers.get(checkpointTarget(record.manifest.spec));
  const made = records.containers.list().flatMap((container) =>
    keptCheckpointsOf(container)
      .filter(({ declared }) => declared?.id === id)
      .map((kept): MadeCheckpoint => ({ container, kept })),
  );
  return {
    record,
    target,
    made,
    isHandedOver: handedOver.get(id) === generation,
    isUnderWay: underWay.has(id) || target?.intent?.declared?.id === id,
    news: news.get(id) ?? null,
    now: clock.now(),
  };
}

async function comeToRest(
  deps: PassDeps,
  { record, isHandedOver }: CheckpointSituation,
  { move, hasActed }: { move: Extract<CheckpointMove, { do: 'rest' }>; hasActed: boolean },
): Promise<Outcome> {
  const { outcome, standing: how } = move;
  if (how !== null) {
    await deps.records.checkpoints.edit(record.name, (present) =>
      present.generation === record.generation ? standing(present, how, deps.clock.now()) : present,
    );
  }
  const { why } = outcome;
  // Left over by a crash: the pass of the container puts its record right.
  if (why.why === 'being-saved' && !isHandedOver) deps.wake({ kind: 'Container', name: why.name });
  const tell = (what: Progress['what'], detail: string): void => {
    deps.report({ resource: { kind: 'Checkpoint', name: record.name }, what, detail });
  };
  if (outcome.kind === 'stalled') tell('failed', formatReason(why));
  else if (outcome.kind !== 'settled' && why.why !== 'being-saved') tell('waiting', formatReason(why));
  else if (outcome.kind === 'settled' && !hasActed) tell('unchanged', 'Complete');
  return outcome;
}
