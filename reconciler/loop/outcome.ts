import type { PlanReason } from '../plan/plan-reason.ts';
import type { ResourceName } from '../resource-key.ts';

/** How a pass over one resource ended. Only `stalled` needs a human. */
export type Outcome =
  | ({ kind: 'settled'; why: PlanReason } & LookingAgain)
  /** Look again then, whatever happens in between. */
  | { kind: 'requeue'; afterMs: number; why: PlanReason }
  /** Look again when one of these changes; an empty list: when the resource itself does. */
  | ({ kind: 'waiting'; for: readonly ResourceName[]; why: PlanReason } & LookingAgain)
  | { kind: 'stalled'; why: PlanReason };

/** Something falls due later, although nothing is amiss now; milliseconds. */
interface LookingAgain {
  againAfterMs?: number;
}

export function settled(why: PlanReason): Outcome {
  return { kind: 'settled', why };
}

export function requeueAfter(afterMs: number, why: PlanReason): Outcome {
  return { kind: 'requeue', afterMs: Math.max(0, afterMs), why };
}

export function waitingFor(resources: readonly ResourceName[], why: PlanReason): Outcome {
  return { kind: 'waiting', for: resources, why };
}

export function stalled(why: PlanReason): Outcome {
  return { kind: 'stalled', why };
}

/** The same, to be looked at again then; null: when something changes. */
export function lookingAgain(outcome: Outcome, againAfterMs: number | null): Outcome {
  if (againAfterMs === null || outcome.kind === 'requeue' || outcome.kind === 'stalled') return outcome;
  return { ...outcome, againAfterMs };
}

/** Milliseconds; null: nothing falls due. */
export function againAfter(outcome: Outcome): number | null {
  if (outcome.kind === 'requeue') return outcome.afterMs;
  return outcome.kind === 'stalled' ? null : (outcome.againAfterMs ?? null);
}
