import type {
  CheckpointProduct,
  DeclaredCheckpointRecord,
  DeclaredCheckpointStatus,
  SavedCheckpoint,
} from '../../schemas/index.ts';
import { isSamePlace } from './checkpoint-product.ts';
import { standing } from './checkpoint-status.ts';
import { isoTime } from '../clock.ts';
import type { FailedStage } from './plan-checkpoint.ts';

type Record = DeclaredCheckpointRecord;

/** As a Job's: 10 s, doubled each time, up to 6 minutes. */
const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 360_000;

/** A try begins; when it did not end, this says that there was one. */
export function noteBegun(
  record: Record,
  { wasInterrupted, now }: { wasInterrupted: boolean; now: number },
): Record {
  const { attempts, startedAt } = record.status;
  const since = isoTime(now);
  const begun = withStatus(record, {
    attempts: attempts + 1,
    attemptSince: since,
    startedAt: startedAt ?? since,
    nextTryAt: null,
  });
  const message = wasInterrupted
    ? `try ${String(attempts)} was interrupted; try ${String(attempts + 1)} is under way`
    : `try ${String(attempts + 1)} is under way`;
  return standing(
    begun,
    { holds: null, reason: wasInterrupted ? 'Interrupted' : 'InProgress', message },
    now,
  );
}

/** It did not come to a try. */
export function noteWithdrawn(record: Record): Record {
  return withStatus(record, { attemptSince: null });
}

export function noteSaved(record: Record, saved: SavedCheckpoint): Record {
  return withStatus(record, { saved });
}

export function noteProduct(record: Record, product: CheckpointProduct): Record {
  return withStatus(record, { product });
}

/** An earlier generation has come to its archive or image after all. */
export function noteOutrun(record: Record, product: CheckpointProduct): Record {
  const others = record.superseded.filter((each) => !isSamePlace(each, product));
  return { ...record, superseded: [...others, product] };
}

export function notePushed(record: Record, pushed: DeclaredCheckpointStatus['pushed']): Record {
  return withStatus(record, { pushed });
}

/** It is no longer among the container's checkpoints. */
export function noteDiscarded(record: Record): Record {
  const { saved } = record.status;
  return withStatus(record, { saved: saved === null ? null : { ...saved, isKept: false } });
}

/** It is tried again later, or not any more. */
export function noteFailure(
  record: Record,
  failure: { reason: FailedStage; message: string; isFinal: boolean },
  now: number,
): Record {
  const failures = record.status.failures + 1;
  const { reason, message } = failure;
  const isOver = failure.isFinal || failures > record.manifest.spec.backoffLimit;
  const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10));
  const next = withStatus(record, {
    failures,
    attemptSince: null,
    nextTryAt: isOver ? null : isoTime(now + delayMs),
  });
  return standing(next, { holds: isOver ? 'Failed' : null, reason, message }, now);
}

export function noteComplete(record: Record, now: number): Record {
  const done = withStatus(record, { completedAt: isoTime(now), attemptSince: null, nextTryAt: null });
  const { attempts } = record.status;
  const message = attempts > 1 ? `at try ${String(attempts)}` : '';
  return standing(done, { holds: 'Complete', reason: 'Completed', message }, now);
}

/** An archive or image that was removed, or that another one has taken the place of. */
export function noteReclaimed(record: Record, product: CheckpointProduct): Record {
  const superseded = record.superseded.filter((each) => !isSamePlace(each, product));
  const isPresent = record.deletionRequestedAt !== null && isSamePlace(record.status.product, product);
  return isPresent ? withStatus({ ...record, superseded }, { product: null }) : { ...record, superseded };
}

function withStatus(record: Record, change: Partial<DeclaredCheckpointStatus>): Record {
  return { ...record, status: { ...record.status, ...change } };
}
