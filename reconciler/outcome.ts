import type { PlanReason } from './plan-reason.ts';
import type { ResourceName } from './resource-key.ts';

/** How a pass over one resource ended. Only `stalled` needs a human. */
export type Outcome =
  | { kind: 'settled'; why: PlanReason }
  /** Look again then, whatever happens in between. */
  | { kind: 'requeue'; afterMs: number; why: PlanReason }
  /** Look again when one of these changes; an empty list: when the resource itself does. */
  | { kind: 'waiting'; for: readonly ResourceName[]; why: PlanReason }
  | { kind: 'stalled'; why: PlanReason };

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
