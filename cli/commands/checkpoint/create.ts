import type { CheckpointAllowances, PreflightReport } from '../../../engine/index.ts';
import type { ContainerRecord } from '../../../schemas/index.ts';
import type { CreateCheckpointRequest } from '../../api/checkpoint-service.ts';
import type { ApplyEvent, ResourceName, ResourceView, Service } from '../../api/service.ts';
import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec, Invocation, OptionSpec } from '../../command-line/command.ts';
import { parseDurationMs } from '../../arguments/duration.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import type { Options } from '../../arguments/options.ts';
import { checkpointRows } from '../../output/checkpoint-text.ts';
import { formatJson } from '../../output/json.ts';
import { parseNames, resolveName } from '../../arguments/resource-name.ts';
import { showSummary, watchEvents } from '../../show/show-changes.ts';
import { EXPORT_OPTIONS, productFrom, requireOne } from './export-options.ts';

/** What CRIU saves only when told so, as options. */
const ALLOWANCES: readonly (OptionSpec & {
  allowance: Exclude<keyof CheckpointAllowances, 'ghostLimitBytes'>;
})[] = [
  {
    flags: '--tcp-established',
    allowance: 'tcpEstablished',
    description: 'keep established TCP connections',
  },
  { flags: '--tcp-close', allowance: 'tcpClose', description: 'let established TCP connections end' },
  {
    flags: '--tcp-skip-in-flight',
    allowance: 'tcpSkipInFlight',
    description: 'leave out connections that are just being accepted',
  },
  { flags: '--file-locks', allowance: 'fileLocks', description: 'save file locks' },
  {
    flags: '--ext-unix-sockets',
    allowance: 'externalUnixSockets',
    description: 'let unix sockets whose other end is outside be',
  },
  {
    flags: '--debug-log',
    allowance: 'debugLog',
    description: 'have CRIU log all that it does, for those who debug it',
  },
];

export const create: CommandSpec = {
  description:
    'The container ends and is Checkpointed until `tsctr restore`, or until the manifest changes. When it cannot be saved it goes on as before.',
  arguments: [{ name: '[name...]', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [
    { flags: '--check', description: 'only say whether it could be saved now, and what stands in the way' },
    { flags: '-R, --leave-running', description: 'let it go on afterwards' },
    ...ALLOWANCES.map(({ flags, description }) => ({ flags, description })),
    {
      flags: '--pin',
      description: 'keep it until it is removed by name, whatever spec.checkpoint.keep says',
    },
    {
      flags: '--pre-dumps <count>',
      description:
        'copy its memory so often while it runs, so that it stands still for less; needs memory tracking',
    },
    { flags: '--timeout <duration>', description: 'for the whole of it; then it goes on as before' },
    ...EXPORT_OPTIONS,
    { flags: '--all', description: 'every container that runs' },
    {
      flags: '--on-shutdown',
      description: 'those whose manifest says checkpoint.onShutdown; they come back after the boot',
    },
  ],
  outputs: ['json'],
  examples: [
    'tsctr checkpoint web',
    'tsctr checkpoint web --check',
    'tsctr checkpoint web --leave-running',
    'tsctr checkpoint web --export /var/backups/web.tar.zst',
    'tsctr checkpoint web --image localhost/web-ckpt:1',
    'tsctr checkpoint list',
  ],
  hosted: true,
  run: async (invocation) => {
    const { options, globals, io } = invocation;
    const product = productFrom(invocation);
    const service = await invocation.service();
    const views = await service.list();
    const request = { ...makeRequest(invocation, views), ...product };
    if (product.archive !== undefined) requireOne(recordsOf(request.names, views));
    if (options.flag('check')) return checkAll(invocation, service, recordsOf(request.names, views), request);
    const events: ApplyEvent[] = [];
    const shown = watchEvents(invocation, events);
    if (request.names.length === 0) {
      if (!options.flag('onShutdown')) io.err('nothing runs that could be checkpointed\n');
      return EXIT.asWished;
    }
    const summary = await service.checkpoints.create(request, shown.onEvent, invocation.signal);
    shown.end();
    const saved = recordsOf(request.names, await service.list());
    if (globals.output === 'json') {
      const checkpoints = saved.map(({ name, checkpoint }) => ({ container: name, ...checkpoint }));
      io.out(formatJson({ kind: 'CheckpointResult', checkpoints, events, ...summary }));
    } else if (summary.failed === 0) {
      for (const { checkpoint } of saved) if (checkpoint !== null) io.out(checkpointRows(checkpoint));
    }
    return showSummary(invocation, summary);
  },
};

async function checkAll(
  { io, globals }: Invocation,
  service: Service,
  records: readonly ContainerRecord[],
  { allowances }: CreateCheckpointRequest,
): Promise<number> {
  const { formatPreflight } = await import('../../../engine/index.ts');
  const reports: (PreflightReport & { container: string })[] = [];
  for (const { name } of records) {
    const report = await service.checkpoints.check({ container: name, allowances });
    reports.push({ container: name, ...report });
    if (globals.output !== 'json') io.out(`${formatPreflight(`container/${name}`, report)}\n`);
  }
  if (globals.output === 'json') io.out(formatJson(reports));
  return reports.every(({ canCheckpoint }) => canCheckpoint) ? EXIT.asWished : EXIT.failed;
}

function makeRequest({ args, options }: Invocation, views: readonly ResourceView[]): CreateCheckpointRequest {
  const timeout = options.text('timeout');
  const preDumps = options.text('preDumps');
  const onShutdown = options.flag('onShutdown');
  return {
    names: namesOf(args, options, views),
    then: options.flag('leaveRunning') ? 'leave-running' : 'stop',
    allowances: allowancesFrom(options),
    timeoutMs: timeout === null ? null : parseDurationMs(timeout, '--timeout'),
    pin: options.flag('pin'),
    ...(preDumps === null ? {} : { preDumps: parseCount(preDumps) }),
    by: onShutdown ? 'shutdown' : 'hand',
  };
}

function parseCount(word: string): number {
  const count = Number(word);
  if (/^\d+$/.test(word) && count <= MOST_PRE_DUMPS) return count;
  throw new CliError(
    'BAD_INPUT',
    `checkpoint: --pre-dumps ${word}: expected a number from 0 to ${String(MOST_PRE_DUMPS)}`,
  );
}

const MOST_PRE_DUMPS = 16;

function allowancesFrom(options: Options): CheckpointAllowances {
  const given: CheckpointAllowances = {};
  for (const { flags, allowance } of ALLOWANCES) {
    const name = flags.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (options.flag(name)) given[allowance] = true;
  }
  if (given.tcpEstablished === true && given.tcpClose === true) {
    throw new CliError('BAD_INPUT', 'checkpoint: --tcp-established and --tcp-close exclude each other');
  }
  return given;
}

function namesOf(args: readonly string[], options: Options, views: readonly ResourceView[]): ResourceName[] {
  const many = options.flag('all') || options.flag('onShutdown');
  if (many !== (args.length === 0)) {
    throw new CliError(
      'BAD_INPUT',
      many
        ? 'checkpoint: names and --all or --on-shutdown exclude each other'
        : 'checkpoint: no name was given',
      'say tsctr checkpoint <name>, or tsctr checkpoint --all',
    );
  }
  if (!many) {
    const { kinds, names } = parseNames(args);
    if (kinds.length > 0) {
      throw new CliError('BAD_INPUT', `checkpoint: '${args.join(' ')}' names no resource`);
    }
    return names.map((name) => resolveName(name, views).resource);
  }
  return views
    .filter(({ record }) => record.kind === 'Container' && isRunning(record))
    .filter(({ record }) => !options.flag('onShutdown') || isForShutdown(record as ContainerRecord))
    .map(({ resource }) => resource);
}

function isRunning({ state }: ContainerRecord): boolean {
  return state === 'Running' || state === 'Restored' || state === 'Paused';
}

function isForShutdown({ manifest }: ContainerRecord): boolean {
  return manifest?.spec.checkpoint?.onShutdown === true;
}

/** The records of the containers that were named, and of those of the pods. */
function recordsOf(names: readonly ResourceName[], views: readonly ResourceView[]): ContainerRecord[] {
  return views
    .filter(({ resource }) =>
      names.some(({ kind, name }) => kind === resource.kind && name === resource.name),
    )
    .flatMap(({ record, members }) => (record.kind === 'Container' ? [record] : members));
}
