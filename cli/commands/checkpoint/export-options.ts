import path from 'node:path';
import type { PlannedArchive } from '../../../engine/index.ts';
import type { ContainerRecord } from '../../../schemas/index.ts';
import { CliError } from '../../command-line/cli-error.ts';
import type { Invocation, OptionSpec } from '../../command-line/command.ts';

const COMPRESSIONS = ['zstd', 'gzip', 'none'] as const;

/** How a checkpoint becomes a file. */
export const EXPORT_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-e, --export <file>',
    description: 'write it as one archive as well, which podman can restore too; mode 0600',
    completes: 'file',
  },
  {
    flags: '--image <name>',
    description: 'make an image of it as well, as podman does, for `tsctr image push` and `tsctr restore`',
  },
  {
    flags: '-c, --compress <format>',
    description: 'of the archive: zstd (unless said otherwise), gzip, none',
  },
  {
    flags: '--ignore-rootfs',
    description: 'leave out of the archive what it has changed in its root filesystem',
  },
  { flags: '--ignore-volumes', description: 'leave its volumes out of the archive' },
];

/** Null: no archive is asked for. */
function archiveFrom({ options, io }: Invocation): PlannedArchive | null {
  const file = options.text('export');
  const word = options.text('compress');
  const leaveOut = leftOut(options);
  if (file === null) {
    if (word === null && leaveOut.length === 0) return null;
    throw new CliError(
      'BAD_INPUT',
      'checkpoint: --compress, --ignore-rootfs and --ignore-volumes are for archives',
      'name the archive: --export <file>',
    );
  }
  const compression = COMPRESSIONS.find((each) => each === (word ?? 'zstd'));
  if (compression === undefined) {
    throw new CliError(
      'BAD_INPUT',
      `checkpoint: --compress ${word ?? ''}: expected one of ${COMPRESSIONS.join(', ')}`,
    );
  }
  if (options.flag('check')) {
    throw new CliError('BAD_INPUT', 'checkpoint: --check and --export exclude each other');
  }
  return { file: path.resolve(io.cwd, file), compression, leaveOut };
}

/** What is asked for besides the kept checkpoint, as a part of the request; empty: nothing. */
export function productFrom(invocation: Invocation): { archive?: PlannedArchive; image?: string } {
  const { options } = invocation;
  const image = options.text('image');
  if (image === null) {
    const archive = archiveFrom(invocation);
    return archive === null ? {} : { archive };
  }
  for (const other of ['export', 'compress'] as const) {
    if (options.text(other) === null) continue;
    throw new CliError('BAD_INPUT', `checkpoint: --image and --${other} exclude each other`);
  }
  if (options.flag('check')) {
    throw new CliError('BAD_INPUT', 'checkpoint: --check and --image exclude each other');
  }
  return { image, archive: { file: null, compression: 'none', leaveOut: leftOut(options) } };
}

function leftOut(options: Invocation['options']): PlannedArchive['leaveOut'] {
  return [
    ...(options.flag('ignoreRootfs') ? (['rootfs'] as const) : []),
    ...(options.flag('ignoreVolumes') ? (['volumes'] as const) : []),
  ];
}

/** An archive holds one container. */
export function requireOne(records: readonly ContainerRecord[]): void {
  if (records.length === 1) return;
  throw new CliError(
    'BAD_INPUT',
    `checkpoint: --export and --image are for one container, and ${String(records.length)} were named`,
    'name one of them',
  );
}
