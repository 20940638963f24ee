import type { PlannedChange } from '../api/service.ts';
import { formatName } from '../arguments/resource-name.ts';
import type { Colour, Painter } from './colour.ts';
import { printableLine } from './printable.ts';

const COLOURS: Readonly<Record<PlannedChange['action'], Colour>> = {
  create: 'green',
  start: 'green',
  checkpoint: 'yellow',
  restore: 'green',
  resume: 'green',
  'in place': 'yellow',
  restart: 'yellow',
  recreate: 'yellow',
  pause: 'yellow',
  stop: 'red',
  remove: 'red',
  none: 'dim',
};

/** True when carrying the plan out would change something. */
export function wouldChange(plan: readonly PlannedChange[]): boolean {
  return plan.some((change) => change.action !== 'none');
}

/** One line for each change, `container/web   restart   spec.env[LOG_LEVEL]: info → debug`; more reasons stand below the first. */
export function formatPlan(plan: readonly PlannedChange[], paint: Painter): string {
  const nameWidth = Math.max(0, ...plan.map((change) => formatName(change.resource).length)) + 3;
  const actionWidth = Math.max(0, ...plan.map((change) => wordOf(change).length)) + 2;
  return plan
    .map((change) => {
      const word = paint(COLOURS[change.action], wordOf(change).padEnd(actionWidth));
      const head = `${formatName(change.resource).padEnd(nameWidth)}${word}`;
      const below = ' '.repeat(nameWidth + actionWidth);
      const reasons = change.reasons.map(printableLine);
      const lines = [`${head}${reasons[0] ?? ''}`, ...reasons.slice(1).map((reason) => below + reason)];
      return lines.map((line) => `${line.trimEnd()}\n`).join('');
    })
    .join('');
}

function wordOf(change: PlannedChange): string {
  return change.action === 'none' ? 'unchanged' : change.action;
}

/** `2 would change, 1 unchanged`. */
export function formatPlanSummary(plan: readonly PlannedChange[]): string {
  const changing = plan.filter((change) => change.action !== 'none').length;
  return `${changing} would change, ${plan.length - changing} unchanged`;
}
