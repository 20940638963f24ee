/** What the exit code of tsctr tells a script; docs/cli.md shows the same table. */
export const EXIT = {
  /** Everything is as wished. */
  asWished: 0,
  /** Something was tried and failed, or was not found. */
  failed: 1,
  /** The command line or a manifest is wrong; nothing was changed. */
  badInput: 2,
  /** Carried out, but not as wished within the time given. */
  notConverged: 3,
  /** `diff` and `apply --dry-run`: something would change. */
  wouldChange: 4,
  /** Ended by Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.asWished, 'as wished'],
  [EXIT.failed, 'failed, or not found'],
  [EXIT.badInput, 'bad input: the command line or a manifest; nothing was changed'],
  [EXIT.notConverged, 'not as wished within the time given'],
  [EXIT.wouldChange, 'would change (`diff`, `apply --dry-run`)'],
  [EXIT.interrupted, 'interrupted by Ctrl-C'],
];

const BAD_INPUT_CODES = new Set([
  'BAD_INPUT',
  'BAD_MANIFEST',
  'BAD_REQUEST',
  'BAD_QUANTITY',
  'BAD_DURATION',
  'BAD_SIGNAL',
  'BAD_IMAGE_REFERENCE',
  'DEPENDENCY_CYCLE',
  'UNKNOWN_FIELD',
]);

/** The exit code for an error that ended a command. It goes by `code`, so it holds for errors that came over the socket too. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof Error)) return EXIT.failed;
  if (error.name === 'AbortError') return EXIT.interrupted;
  const code: unknown = 'code' in error ? error.code : null;
  if (typeof code !== 'string') return EXIT.failed;
  if (code === 'NOT_CONVERGED') return EXIT.notConverged;
  return BAD_INPUT_CODES.has(code) ? EXIT.badInput : EXIT.failed;
}
