/** One thing that is wrong with a manifest, and where. Lines and columns count from 1. */
export interface ManifestProblem {
  file: string;
  line: number;
  column: number;
  /** Length of the marked text in the line, for the `^^^^` under an excerpt; at least 1. */
  length: number;
  /** Path of the field: `spec.volumeMounts[0].name`; empty when the document as a whole is meant. */
  field: string;
  /** Says what was expected and what was there. */
  message: string;
  /** Stable word for programs: `unknown-field`, `invalid-type`, `syntax`, `duplicate` … */
  code: string;
  /** The lines around the place, with their numbers and a marker, ready to print; null when there is no text. */
  excerpt: string | null;
}

/** Thrown where bad manifests end an operation: nothing was changed. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'BAD_MANIFEST';
  readonly problems: readonly ManifestProblem[];

  constructor(problems: readonly ManifestProblem[]) {
    const first = problems[0];
    super(
      first === undefined
        ? 'bad manifest'
        : `${first.file}:${String(first.line)}:${String(first.column)}: ${first.field === '' ? '' : `${first.field}: `}${first.message}`,
    );
    this.problems = problems;
  }
}
