import path from 'node:path';
import type { OverlookedReason } from '../../schemas/index.ts';
import type { RestoreTarget } from '../api/checkpoint-service.ts';
import type { ApplyEvent, ApplySummary, ResourceName, ResourceView } from '../api/service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import type { Options } from '../arguments/options.ts';
import { restoreRows } from '../output/checkpoint-text.ts';
import { formatJson } from '../output/json.ts';
import { parseNames, resolveName } from '../arguments/resource-name.ts';
import { showSummary, watchEvents } from '../show/show-changes.ts';

/** What may be overlooked by name, and what that means. */
const OVERLOOKED: Readonly<Record<OverlookedReason, string>> = {
  'cpu-features': 'the processor lacks what the processes may use',
  'kernel-older': 'the kernel is older',
  'criu-older': 'CRIU is older than the one that wrote the images',
  'cgroup-version': 'the host has other cgroups',
  image: 'the image is another one',
  'port-in-use': 'a port of the host is in use',
  'address-missing': 'it will not have an address that it had',
  'volume-exists': 'a volume exists already, and is left as it is',
};

export const restore: CommandSpec = {
  description:
    'The processes go on where they were when the checkpoint was made. When that fails, everything is taken back and the checkpoint is kept. A container that runs has to be stopped first.\n' +
    'Out of an archive (--from, or a path in place of the name) the root filesystem begins with the image and what the archive says. What the container is comes from its manifest, never from the archive; a new name has the manifest of -f, or that of the container that the archive is of.',
  arguments: [
    {
      name: '<name...>',
      description: 'web, web@3, container/web, pod/db, or the path of an archive',
      completes: 'resource',
    },
  ],
  options: [
    {
      flags: '--from <file>',
      description: 'out of this archive, in place of the kept checkpoint',
      completes: 'file',
    },
    {
      flags: '--image <name>',
      description: 'out of this image of a checkpoint, which is pulled when it is not here',
    },
    { flags: '--name <name>', description: 'a new container that begins with the archive' },
    { flags: '-f, --file <manifest>', description: 'what the new container is', completes: 'file' },
    {
      flags: '--ignore <reason>',
      description: `restore although ${Object.keys(OVERLOOKED).join(', ')}; may be repeated`,
      repeatable: true,
    },
    {
      flags: '--lazy-pages',
      description: 'let it run while its memory still comes from the checkpoint (spec.restore.lazyPages)',
    },
    { flags: '--force-image', description: 'restore with another image than that of the checkpoint' },
  ],
  outputs: ['json'],
  examples: [
    'tsctr restore web',
    'tsctr restore web@3',
    'tsctr stop web && tsctr restore web',
    'tsctr restore web --from /var/backups/web.tar.zst',
    'tsctr restore web --image registry.example/web-ckpt:1',
    'tsctr restore /var/backups/web.tar.zst --name web-2',
  ],
  hosted: true,
  run: async (invocation) => {
    const { args, options, io } = invocation;
    const how = {
      ignore: ignoredReasons(options),
      ...(options.flag('lazyPages') && { lazyPages: true }),
    };
    const [word = ''] = args;
    if (args.length === 1 && isPath(word)) {
      if (options.text('from') !== null) {
        throw new CliError('BAD_INPUT', 'restore: a path and --from exclude each other');
      }
      const { restoreArchive } = await import('./restore-archive.ts');
      return restoreArchive(invocation, { archive: path.resolve(io.cwd, word), ...how }, carryOut);
    }
    if (options.text('name') !== null || options.text('file') !== null) {
      throw new CliError(
        'BAD_INPUT',
        'restore: --name and -f are for a new container out of an archive',
        'say tsctr restore <path of the archive> --name <name>',
      );
    }
    const from = options.text('from');
    const image = options.text('image');
    if (from !== null && image !== null) {
      throw new CliError('BAD_INPUT', 'restore: --from and --image exclude each other');
    }
    const service = await invocation.service();
    const names = namesOf(args, await service.list());
    const archive = from === null ? null : path.resolve(io.cwd, from);
    return carryOut(invocation, (onEvent) =>
      service.checkpoints.restore(
        { names, archive, ...how, ...(image !== null && { image }) },
        onEvent,
        invocation.signal,
      ),
    );
  },
};

/** Shows what is done, and how it ended. */
async function carryOut(
  invocation: Invocation,
  run: (onEvent: (event: ApplyEvent) => void) => Promise<ApplySummary>,
): Promise<number> {
  const { globals, io } = invocation;
  const events: ApplyEvent[] = [];
  const shown = watchEvents(invocation, events);
  const restored = new Set<string>();
  const summary = await run((event) => {
    if (event.what === 'restored') restored.add(event.resource.name);
    shown.onEvent(event);
  });
  shown.end();
  const runs = await runsOf(invocation, restored);
  if (globals.output === 'json') {
    io.out(formatJson({ kind: 'RestoreResult', restored: runs, events, ...summary }));
  } else {
    for (const { durationsMs } of runs) io.out(restoreRows(durationsMs));
  }
  return showSummary(invocation, summary);
}

/** How long each stage of the restores took, by the records of what runs now. */
async function runsOf(
  invocation: Invocation,
  names: ReadonlySet<string>,
): Promise<{ container: string; durationsMs: Readonly<Record<string, number>> }[]> {
  if (names.size === 0) return [];
  const views = await (await invocation.service()).list();
  const records = views.flatMap(({ record, members }) => (record.kind === 'Container' ? [record] : members));
  return records.flatMap(({ name, restored }) =>
    restored !== null && names.has(name) ? [{ container: name, durationsMs: restored.durationsMs }] : [],
  );
}

/** Archives are known by their path: a slash that no kind stands before, or an end that no name has. */
function isPath(word: string): boolean {
  return /^(?:\.{0,2}\/|~)/.test(word) || /\.(?:tar|tgz|tzst)(?:\.\w+)?$/.test(word);
}

function namesOf(args: readonly string[], views: readonly ResourceView[]): RestoreTarget[] {
  const words = args.map(splitNumber);
  const { kinds, names } = parseNames(words.map(({ word }) => word));
  if (kinds.length > 0) {
    throw new CliError(
      'BAD_INPUT',
      `restore: '${args.join(' ')}' names no resource`,
      'say tsctr restore <name>',
    );
  }
  const members = views.flatMap((view) => view.members.map(({ name }) => name));
  // A kind may stand before the names.
  const numbers = words.slice(words.length - names.length);
  return names.map((name, index): RestoreTarget => {
    const isMember = name.kind !== 'Pod' && members.includes(name.name);
    const resource: ResourceName = isMember
      ? { kind: 'Container', name: name.name }
      : resolveName(name, views).resource;
    const checkpoint = numbers[index]?.checkpoint;
    return checkpoint === undefined
      ? resource
      : { ...resource, checkpoint: ofContainer(resource, checkpoint) };
  });
}

/** `web@3`: the container, and the number of its checkpoint. */
function splitNumber(word: string): { word: string; checkpoint?: number } {
  const [, name, number] = /^(.*)@(\d+)$/.exec(word) ?? [];
  return name === undefined ? { word } : { word: name, checkpoint: Number(number) };
}

function ofContainer({ kind, name }: ResourceName, checkpoint: number): number {
  if (kind === 'Container') return checkpoint;
  throw new CliError(
    'BAD_INPUT',
    `restore: pod/${name}@${String(checkpoint)}: the containers of a pod have checkpoints of their own`,
    `say tsctr restore pod/${name}, which takes the newest of each`,
  );
}

function ignoredReasons(options: Options): OverlookedReason[] {
  const given = options.list('ignore').flatMap((text) => text.split(','));
  const known = Object.keys(OVERLOOKED) as OverlookedReason[];
  const reasons = given.map((word) => {
    const reason = known.find((each) => each === word);
    if (reason !== undefined) return reason;
    throw new CliError(
      'BAD_INPUT',
      `restore: --ignore ${word}: expected one of ${known.join(', ')}`,
      'what is not among them would only fail later, or give away what the manifest does not',
    );
  });
  return [...new Set([...reasons, ...(options.flag('forceImage') ? (['image'] as const) : [])])];
}
