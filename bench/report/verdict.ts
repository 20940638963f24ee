import type { Figure, Row, Target } from '../row.ts';
import { pairedRatio, summarize } from '../statistics.ts';

/** How a row stands to one of its promises. */
export interface Verdict {
  /** `≤ 1.5 × runc`. */
  promise: string;
  /** The ratio, or the value, that was measured. */
  found: number;
  isKept: boolean;
}

export function verdictsOf(row: Row): Verdict[] {
  const [ours] = row.figures;
  if (ours === undefined) return [];
  return row.targets.flatMap((target) => verdictOf(target, ours, row));
}

function verdictOf(target: Target, ours: Figure, row: Row): Verdict[] {
  if ('atMost' in target) {
    const found = summarize(ours.samples).median;
    return [{ promise: `≤ ${target.atMost} ${row.unit}`, found, isKept: found <= target.atMost }];
  }
  const other = row.figures.find(({ contender }) => contender === target.against);
  if (other === undefined) return [];
  const found = pairedRatio(ours.samples, other.samples);
  if (found === null) return [];
  return [{ promise: `≤ ${target.ratio} × ${target.against}`, found, isKept: found <= target.ratio }];
}
