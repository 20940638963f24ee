import type { Outcome } from '../loop/outcome.ts';
import type { PlanReason } from './plan-reason.ts';
import type { ResourceName } from '../resource-key.ts';
import type { Step } from './step.ts';

/** What the steps of a plan come to, in the words of `tsctr diff`. */
export type PlannedAction =
  | 'create'
  | 'in place'
  | 'restart'
  | 'recreate'
  | 'start'
  | 'stop'
  | 'pause'
  | 'resume'
  | 'checkpoint'
  | 'restore'
  | 'remove'
  | 'none';

/** What is to be done to one resource now, in order, and why; or why nothing is. */
export interface Plan {
  resource: ResourceName;
  action: PlannedAction;
  /** Never empty: a plan without steps says why it has none. */
  reasons: readonly PlanReason[];
  steps: readonly Step[];
  /** What the pass ends with once every step has succeeded. */
  outcome: Outcome;
}
