import type { ApplyEvent, DataName, DeleteRequest, ResourceName, Service } from '../api/service.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import { parseDurationMs } from '../arguments/duration.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { formatJson } from '../output/json.ts';
import { namesInFiles } from '../arguments/names-in-files.ts';
import { parseDataName, parseDataNames, parseNames, resolveName } from '../arguments/resource-name.ts';
import { showSummary, watchEvents } from '../show/show-changes.ts';

export const deleteResources: CommandSpec = {
  description:
    'Stops what runs, then removes its root filesystem, mounts, namespaces, logs and record. Returns when all of that is gone.',
  arguments: [
    { name: '[name...]', description: 'web, container/web, or: container web api', completes: 'resource' },
  ],
  options: [
    ...FILE_OPTIONS,
    { flags: '--force', description: 'kill at once instead of stopping' },
    { flags: '--all', description: 'all of the kind that is named, else all containers and pods' },
    { flags: '--ignore-not-found', description: 'what does not exist is no error' },
    { flags: '--wait', description: 'wait until all is gone; always so' },
    { flags: '--timeout <duration>', description: 'give up waiting after so long, and exit 3' },
  ],
  outputs: ['json'],
  examples: ['tsctr delete -f web.yaml', 'tsctr delete container web', 'tsctr delete pod/db --force'],
  hosted: true,
  run: async (invocation) => {
    const { args, options } = invocation;
    const fromFiles = options.list('file').length > 0;
    if (fromFiles && args.length > 0) {
      throw new CliError('BAD_INPUT', 'delete: name resources, or files with -f, but not both');
    }
    if (!fromFiles && args.length === 0 && !options.flag('all')) {
      throw new CliError('BAD_INPUT', 'delete: nothing was named', 'name resources, or files with -f');
    }
    const request: DeleteRequest = {
      ...(fromFiles ? await namesInFiles(invocation) : await namesTyped(invocation)),
      ignoreMissing: fromFiles || options.flag('ignoreNotFound'),
      force: options.flag('force'),
    };
    return carryOut(invocation, request);
  },
};

type Named = Pick<DeleteRequest, 'names' | 'data'>;

/** `secret/db`, `configmap/web` and `volume/data` are no resources that run, and go by names with their kind only. */
async function namesTyped(invocation: Invocation): Promise<Named> {
  const { args } = invocation;
  const ofOneKind = parseDataNames(args);
  if (ofOneKind !== null) return { names: [], data: await dataTyped(invocation, ofOneKind) };
  const data = args.flatMap((word) => parseDataName(word) ?? []);
  const rest = args.filter((word) => parseDataName(word) === null);
  if (rest.length === 0 && data.length > 0) return { names: [], data };
  return { names: await runningTyped({ ...invocation, args: rest }), data };
}

async function dataTyped(
  invocation: Invocation,
  { kind, names }: NonNullable<ReturnType<typeof parseDataNames>>,
): Promise<DataName[]> {
  checkAll(invocation, { isKindAlone: names.length === 0 });
  const all = names.length === 0 ? await allOf(await invocation.service(), kind) : names;
  return all.map((name) => ({ kind, name }));
}

async function allOf(service: Service, kind: DataName['kind']): Promise<string[]> {
  switch (kind) {
    case 'ConfigMap':
    case 'Secret':
      return (await service.data()).filter((each) => each.kind === kind).map(({ name }) => name);
    case 'Volume':
    case 'PersistentVolumeClaim':
      return (await service.volumes.list()).map(({ name }) => name);
    case 'Checkpoint':
      return (await service.checkpoints.declared()).map(({ record }) => record.name);
  }
}

/** Either names, or --all: a kind alone may be a slip. */
function checkAll({ args, options }: Invocation, { isKindAlone }: { isKindAlone: boolean }): void {
  const hasAll = options.flag('all');
  if (isKindAlone && !hasAll) {
    throw new CliError(
      'BAD_INPUT',
      `delete: '${args.join(' ')}' names no resource`,
      'name one, or say --all',
    );
  }
  if (!isKindAlone && hasAll && args.length > 0) {
    throw new CliError('BAD_INPUT', 'delete: names and --all cannot be mixed');
  }
}

async function runningTyped(invocation: Invocation): Promise<ResourceName[]> {
  const { args, options } = invocation;
  const { kinds, names } = parseNames(args);
  checkAll(invocation, { isKindAlone: kinds.length > 0 });
  const views = await (await invocation.service()).list();
  if (options.flag('all')) {
    return views
      .map(({ resource }) => resource)
      .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  }
  const isMissing = (error: unknown): boolean =>
    options.flag('ignoreNotFound') && error instanceof CliError && error.code === 'NOT_FOUND';
  return names.flatMap((name) => {
    try {
      return [resolveName(name, views).resource];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  });
}

async function carryOut(invocation: Invocation, request: DeleteRequest): Promise<number> {
  const { options, io, globals } = invocation;
  const timeout = options.text('timeout');
  const limit = timeout === null ? null : AbortSignal.timeout(parseDurationMs(timeout, '--timeout'));
  const signal = limit === null ? invocation.signal : AbortSignal.any([invocation.signal, limit]);
  const service = await invocation.service();
  const events: ApplyEvent[] = [];
  const shown = watchEvents(invocation, events);
  try {
    const summary = await service.delete(request, shown.onEvent, signal);
    shown.end();
    if (globals.output === 'json') io.out(formatJson({ kind: 'DeleteResult', events, ...summary }));
    return showSummary(invocation, summary);
  } catch (error) {
    shown.end();
    if (limit?.aborted !== true || invocation.signal.aborted) throw error;
    io.err(`not gone after ${timeout ?? ''}; see: tsctr get\n`);
    return EXIT.notConverged;
  }
}
