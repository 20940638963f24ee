import {
  checkpointKeeping,
  checkpointTarget,
  type CheckpointProduct,
  type ContainerRecord,
  type DeclaredCheckpointRecord,
  type KeptCheckpoint,
} from '../../schemas/index.ts';
import type { Standing } from './checkpoint-status.ts';
import { holding } from './checkpoint-status.ts';
import { isAlive } from '../plan/container-situation.ts';
import { isMadeFor } from './declared-wish.ts';
import { placeOf } from './checkpoint-product.ts';
import { requeueAfter, settled, stalled, waitingFor, type Outcome } from '../loop/outcome.ts';
import type { PlanReason } from '../plan/plan-reason.ts';
import { formatReason } from '../plan/plan-reason.ts';
import type { PushImageStep } from '../plan/step.ts';

/** Everything that the next step for one manifest of kind Checkpoint rests on. */
export interface CheckpointSituation {
  record: DeclaredCheckpointRecord;
  /** The container that it names; null: there is none. */
  target: ContainerRecord | null;
  /** The checkpoints that were made for it, of all its generations and in whatever container they are. */
  made: readonly MadeCheckpoint[];
  /** It is the turn of the container's pass, which has not told yet how it went. */
  isHandedOver: boolean;
  /** That pass is at it; or was, when a crash came. */
  isUnderWay: boolean;
  /** What that pass has told. */
  news: CheckpointNews | null;
  /** Milliseconds since 1970. */
  now: number;
}

export interface MadeCheckpoint {
  container: ContainerRecord;
  kept: KeptCheckpoint;
}

/** How a try has ended, and for which generation it was made. */
export type CheckpointNews = { generation: number } & (
  | { what: 'failed'; reason: FailedStage; message: string; isFinal: boolean }
  | { what: 'exported'; product: CheckpointProduct }
);

export type FailedStage = 'CheckpointFailed' | 'ExportFailed' | 'PushFailed' | 'CheckpointLost';

/** The next thing to do for it. A change of the record only, but for `push`, `discard` and `reclaim`. */
export type CheckpointMove =
  | { do: 'rest'; outcome: Outcome; standing: Standing | null }
  /** Takes the turn back from a container that cannot be saved now. */
  | { do: 'withdraw' }
  /** Notes that a try begins, and hands it over to the pass of the container. */
  | { do: 'begin'; wasInterrupted: boolean }
  | { do: 'note-saved'; made: MadeCheckpoint }
  | { do: 'note-product'; product: CheckpointProduct }
  /** Hears how a try of an earlier generation has ended: what it has made is to be reclaimed. */
  | { do: 'note-outrun'; product: CheckpointProduct | null }
  | { do: 'note-failure'; reason: FailedStage; message: string; isFinal: boolean }
  | { do: 'push'; step: PushImageStep }
  /** Takes what is not to be kept out of the container's checkpoints. */
  | { do: 'discard'; made: MadeCheckpoint | null }
  | { do: 'complete'; what: string }
  | { do: 'reclaim-kept'; made: MadeCheckpoint }
  | { do: 'reclaim-product'; product: CheckpointProduct }
  | { do: 'drop-superseded' }
  | { do: 'forget' };

/** Says what is to be done next. Pure: no I/O, no clock, no randomness. */
export function planCheckpoint(situation: CheckpointSituation): CheckpointMove {
  const { record, news } = situation;
  if (news !== null && news.generation !== record.generation) {
    return { do: 'note-outrun', product: news.what === 'exported' ? news.product : null };
  }
  if (record.deletionRequestedAt !== null) return planRemoval(situation);
  const failed = holding(record, 'Failed');
  if (failed !== null) {
    return rest(stalled({ why: 'step-failed', message: failed.message, isFinal: true }));
  }
  if (record.status.completedAt !== null) return planCompleted(situation);
  if (record.status.saved === null) return planSaving(situation);
  return planProducts(situation);
}

function rest(outcome: Outcome, standing: Standing | null = null): CheckpointMove {
  return { do: 'rest', outcome, standing };
}

/** A rest whose reason is the condition's as well. */
function waiting(outcome: Outcome, reason: string): CheckpointMove {
  return rest(outcome, { holds: null, reason, message: formatReason(outcome.why) });
}

function planSaving(situation: CheckpointSituation): CheckpointMove {
  const { record, target, news, isHandedOver, isUnderWay } = situation;
  const made = madeNow(situation);
  if (made !== null) return { do: 'note-saved', made };
  if (news?.what === 'failed') return failure(news);
  if (isUnderWay) return beingSaved(record);
  const blocked = whyNotNow(record, target);
  if (blocked !== null) return isHandedOver ? { do: 'withdraw' } : blocked;
  return isHandedOver ? beingSaved(record) : tryNow(situation);
}

/** What has been saved becomes what it is to become. */
function planProducts(situation: CheckpointSituation): CheckpointMove {
  const { record, news, isHandedOver, isUnderWay } = situation;
  const { to } = record.manifest.spec;
  const { product, pushed } = record.status;
  if (to !== undefined && product === null) {
    if (news?.what === 'exported') return { do: 'note-product', product: news.product };
    if (news?.what === 'failed') return failure(news);
    if (madeNow(situation) === null) return failure(lost(record));
    return isHandedOver || isUnderWay ? beingSaved(record) : tryNow(situation);
  }
  if (
    to?.image !== undefined &&
    pushed === null &&
    (to.image.push === true || to.image.pushTo !== undefined)
  ) {
    const { name, pushTo = null } = to.image;
    return (
      backingOff(situation) ?? {
        do: 'push',
        step: { kind: 'push-image', checkpoint: record.name, image: name, destination: pushTo },
      }
    );
  }
  if (record.status.saved?.isKept === true && !checkpointKeeping(record.manifest.spec).keep) {
    return { do: 'discard', made: madeNow(situation) };
  }
  return { do: 'complete', what: describeDone(record) };
}

/** What earlier generations have made goes as the policy says, once this one is whole. */
function planCompleted(situation: CheckpointSituation): CheckpointMove {
  const { record, made } = situation;
  const done = rest(settled({ why: 'saved', what: describeDone(record) }));
  const { reclaimPolicy } = record.manifest.spec;
  if (reclaimPolicy === 'Retain') return record.superseded.length > 0 ? { do: 'drop-superseded' } : done;
  const [product] = record.superseded;
  if (product !== undefined) return { do: 'reclaim-product', product };
  const older = made.find(({ kept }) => !isMadeFor(record, kept));
  if (older === undefined) return done;
  return isOnlyMemory(older) ? done : { do: 'reclaim-kept', made: older };
}

function planRemoval(situation: CheckpointSituation): CheckpointMove {
  const { record, made, news, isUnderWay } = situation;
  if (isUnderWay) return beingSaved(record);
  if (news?.what === 'exported') return { do: 'note-product', product: news.product };
  if (record.manifest.spec.reclaimPolicy === 'Retain') return { do: 'forget' };
  const { product } = record.status;
  const [first = product] = record.superseded;
  if (first !== null) return { do: 'reclaim-product', product: first };
  const [kept] = made;
  if (kept === undefined) return { do: 'forget' };
  if (!isOnlyMemory(kept)) return { do: 'reclaim-kept', made: kept };
  const { name } = kept.container;
  return waiting(
    waitingFor([{ kind: 'Container', name }], { why: 'memory-only', name }),
    'MemoryNowhereElse',
  );
}

/** What was made for the generation that is wanted now. */
function madeNow({ record, made }: CheckpointSituation): MadeCheckpoint | null {
  return made.find(({ kept }) => isMadeFor(record, kept)) ?? null;
}

/** The container has gone into it, and goes on from there: nobody may take that away. */
function isOnlyMemory({ container, kept }: MadeCheckpoint): boolean {
  return container.state === 'Checkpointed' && container.checkpoint?.id === kept.id;
}

function beingSaved({ manifest }: DeclaredCheckpointRecord): CheckpointMove {
  const name = checkpointTarget(manifest.spec);
  // The condition says so already, and which try it is.
  return rest(waitingFor([{ kind: 'Container', name }], { why: 'being-saved', name }));
}

/** What keeps the container from being saved now. Null: nothing. */
function whyNotNow(
  { manifest }: DeclaredCheckpointRecord,
  target: ContainerRecord | null,
): CheckpointMove | null {
  const name = checkpointTarget(manifest.spec);
  const waitFor = (why: PlanReason, reason: string): CheckpointMove =>
    waiting(waitingFor([{ kind: 'Container', name }], why), reason);
  if (target === null || target.deletionRequestedAt !== null) {
    return waitFor({ why: 'container-missing', name }, 'ContainerNotFound');
  }
  if (!isAlive(target.state)) {
    return waitFor({ why: 'container-not-so', name, is: target.state }, 'ContainerNotRunning');
  }
  if (manifest.spec.waitFor === 'Ready' && !target.ready) {
    return waitFor({ why: 'container-not-so', name, is: 'not ready' }, 'ContainerNotReady');
  }
  return null;
}

function tryNow(situation: CheckpointSituation): CheckpointMove {
  const wasInterrupted = situation.record.status.attemptSince !== null;
  return backingOff(situation) ?? { do: 'begin', wasInterrupted };
}

/** The standing says already why: that of the failure. */
function backingOff({ record, now }: CheckpointSituation): CheckpointMove | null {
  const { nextTryAt, conditions } = record.status;
  const remainingMs = nextTryAt === null ? 0 : Date.parse(nextTryAt) - now;
  if (remainingMs <= 0) return null;
  const cause = conditions.find(({ type }) => type === 'Complete')?.message ?? '';
  return rest(requeueAfter(remainingMs, { why: 'backing-off', remainingMs, cause }));
}

function failure({ reason, message, isFinal }: Failure): CheckpointMove {
  return { do: 'note-failure', reason, message, isFinal };
}

type Failure = Omit<Extract<CheckpointNews, { what: 'failed' }>, 'what' | 'generation'>;

function lost({ name, manifest }: DeclaredCheckpointRecord): Failure {
  const target = checkpointTarget(manifest.spec);
  return {
    reason: 'CheckpointLost',
    message: `checkpoint/${name}: the checkpoint of container/${target} was removed before it had become what spec.to says; change the spec, or delete this and apply it again`,
    isFinal: true,
  };
}

/** `web@3, archive /var/backups/web.tar.zst`. */
function describeDone({ status }: DeclaredCheckpointRecord): string {
  const { saved, product, pushed } = status;
  return [
    ...(saved?.isKept === true ? [`${saved.container}@${String(saved.number)}`] : []),
    ...(product === null ? [] : [placeOf(product)]),
    ...(pushed === null ? [] : [`sent to ${pushed.destination}`]),
  ].join(', ');
}
