import type { OptionSpec } from '../command-line/command.ts';

/** The options by which commands are told manifests. */
export const FILE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-f, --file <path>',
    description: 'a manifest file, a directory of them, or - for standard input; may be repeated',
    repeatable: true,
    completes: 'file',
  },
  { flags: '-R, --recursive', description: 'go into the directories below as well' },
];
