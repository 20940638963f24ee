import type { ResourceView } from '../api/service.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { parseLabelSelector } from '../arguments/label-selector.ts';
import { painter } from '../output/colour.ts';
import { formatJson, toList, toObject } from '../output/json.ts';
import { resourceColumns } from '../output/resource-table.ts';
import { formatTable } from '../output/table.ts';
import { showCheckpoints } from '../show/show-checkpoints.ts';
import { showData } from '../show/show-data.ts';
import { showVolumes } from '../show/show-volumes.ts';
import { formatYaml } from '../output/yaml.ts';
import { formatName, parseDataNames, parseNames, resolveName } from '../arguments/resource-name.ts';
import { watchListed } from '../show/watch-listed.ts';

export const get: CommandSpec = {
  description: 'Everything, or a kind, or what is named. NOTE says why something is not as wished.',
  arguments: [
    {
      name: '[name...]',
      description:
        'container, pod, container web, container/web, or web; configmaps, secrets, volumes, checkpoints',
      completes: 'resource',
    },
  ],
  options: [
    { flags: '-w, --watch', description: 'go on, and print each change' },
    {
      flags: '-l, --selector <selector>',
      description: "by labels: app=web, tier!=cache, 'app in (web, api)'",
    },
    { flags: '--no-headers', description: 'no heading' },
  ],
  outputs: ['wide', 'json', 'yaml', 'name'],
  examples: ['tsctr get', 'tsctr get container/web -o json', 'tsctr get pods -l app=web -w'],
  hosted: true,
  endsWithReader: true,
  run: async (invocation) => {
    const data = parseDataNames(invocation.args);
    if (data !== null) return getDeclared(invocation, data);
    const selects = selection(invocation);
    if (invocation.options.flag('watch')) return watch(invocation, selects);
    const views = selects(await (await invocation.service()).list());
    print(invocation, views, wantsOne(invocation));
    return EXIT.asWished;
  },
};

function getDeclared(
  invocation: Invocation,
  { kind, names }: NonNullable<ReturnType<typeof parseDataNames>>,
): Promise<number> {
  if (kind === 'Checkpoint') return showCheckpoints(invocation, names);
  if (kind === 'ConfigMap' || kind === 'Secret') return showData(invocation, kind, names);
  return showVolumes(invocation, names);
}

type Select = (views: readonly ResourceView[]) => ResourceView[];

/** Reads the names and the selector once; what it returns throws when a name is not found. */
function selection({ args, options }: Invocation): Select {
  const { kinds, names } = parseNames(args);
  const selector = options.text('selector');
  const matches = selector === null ? null : parseLabelSelector(selector);
  return (views) => {
    const chosen =
      names.length > 0
        ? names.map((name) => resolveName(name, views))
        : views.filter(({ resource }) => kinds.length === 0 || kinds.includes(resource.kind));
    return matches === null ? chosen : chosen.filter((view) => matches(labelsOf(view)));
  };
}

function labelsOf({ record }: ResourceView): Readonly<Record<string, string>> {
  return record.manifest?.metadata.labels ?? {};
}

/** One name asked for is printed as one object, as kubectl does, everything else as a List. */
function wantsOne({ args }: Invocation): boolean {
  return parseNames(args).names.length === 1;
}

function print(invocation: Invocation, views: readonly ResourceView[], single: boolean): void {
  const { io, globals, options } = invocation;
  const [only] = views;
  const value = single && only !== undefined ? toObject(only) : toList(views);
  switch (globals.output) {
    case 'json':
      io.out(formatJson(value));
      return;
    case 'name':
      for (const view of views) io.out(`${formatName(view.resource)}\n`);
      return;
    case 'yaml':
      io.out(formatYaml(value));
      return;
    case 'text':
    case 'wide': {
      if (views.length === 0) {
        io.err('nothing is here; make something with: tsctr apply -f <file>\n');
        return;
      }
      const columns = resourceColumns(io.now(), globals.output === 'wide');
      const paint = painter(globals.colour);
      const headers = options.has('headers');
      io.out(formatTable(columns, views, { paint, columns: io.columns, headers }));
    }
  }
}

async function watch(invocation: Invocation, selects: Select): Promise<number> {
  const { io, globals, signal } = invocation;
  const widths: number[] = [];
  let headers = invocation.options.has('headers');
  const show = (views: readonly ResourceView[]): void => {
    if (globals.output !== 'text' && globals.output !== 'wide') {
      for (const view of views) print(invocation, [view], true);
      return;
    }
    const columns = resourceColumns(io.now(), globals.output === 'wide');
    const paint = painter(globals.colour);
    io.out(formatTable(columns, views, { paint, columns: io.columns, headers, widths }));
    headers = false;
  };
  await watchListed(await invocation.service(), {
    signal,
    viewOf: (event) => (event.what === 'resource' ? event.view : null),
    onListed: (views) => {
      show(selects(views));
    },
    onChange: (view, gone) => {
      if (isSelected(selects, view)) show([gone ? { ...view, status: 'Gone', note: '' } : view]);
    },
  });
  return signal.aborted ? EXIT.interrupted : EXIT.asWished;
}

function isSelected(selects: Select, view: ResourceView): boolean {
  try {
    return selects([view]).length > 0;
  } catch {
    // Another name than the one asked for.
    return false;
  }
}
