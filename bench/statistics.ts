/** What is told of a set of measurements. The median is what counts; the minimum is what a quiet machine would have shown. */
export interface Summary {
  median: number;
  min: number;
  max: number;
  count: number;
}

/** Throws when there is nothing to summarize. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error('summarize measurements: there are none');
  return { median: medianOfSorted(sorted), min, max, count: sorted.length };
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  if (sorted.length % 2 === 1) return upper;
  return (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/**
 * How `ours` compares to `theirs`, round by round: the median of the quotients. The two of a round ran one after the other, so
 * that what else the machine did weighs on both; quotients of medians from different minutes would show the weather. Null when there is
 * nothing to divide by.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number | null {
  const quotients = ours.flatMap((value, i) => {
    const other = theirs[i];
    return other === undefined || other === 0 ? [] : [value / other];
  });
  return quotients.length === 0 ? null : summarize(quotients).median;
}
