/** The measurements of one contender in one row. */
export interface Figure {
  contender: string;
  samples: readonly number[];
}

/** What a row promises: the first contender's figure is at most `ratio` times that of `against`, or at most `value`. */
export type Target = { against: string; ratio: number } | { atMost: number };

/** One line of the table: the same work, done by each contender. The first contender is ours. */
export interface Row {
  name: string;
  /** The work, in words. */
  what: string;
  unit: 'ms' | 'MiB' | '% of a CPU';
  figures: readonly Figure[];
  targets: readonly Target[];
  notes: readonly string[];
}

/** A row that could not be measured here, and why. */
export interface SkippedRow {
  name: string;
  skipped: string;
}
