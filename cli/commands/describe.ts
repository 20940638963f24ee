import type { ResourceView } from '../api/service.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import { eventLogPaths } from '../events/event-log-paths.ts';
import { lastOf, recentEvents } from '../events/read-events.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { describeResource } from '../output/description.ts';
import { formatJson, toList, toObject } from '../output/json.ts';
import { painter } from '../output/colour.ts';
import { eventsSection } from '../output/resource-event-text.ts';
import { formatYaml } from '../output/yaml.ts';
import { parseDataNames, parseNames, resolveName } from '../arguments/resource-name.ts';
import { describeCheckpoints } from '../show/show-checkpoints.ts';
import { describeData } from '../show/show-data.ts';
import { describeVolumes } from '../show/show-volumes.ts';

const EVENTS_SHOWN = 10;

export const describe: CommandSpec = {
  description: 'What it is made from, how it stands, and what keeps it from being as wished.',
  arguments: [
    { name: '<name...>', description: 'web, container/web, or: container web api', completes: 'resource' },
  ],
  outputs: ['json', 'yaml'],
  examples: ['tsctr describe web'],
  hosted: true,
  run: async (invocation) => {
    const data = parseDataNames(invocation.args);
    if (data?.kind === 'Volume' || data?.kind === 'PersistentVolumeClaim')
      return describeVolumes(invocation, data.names);
    if (data?.kind === 'Checkpoint') return describeCheckpoints(invocation, data.names);
    if (data !== null) return describeData(invocation, data.kind, data.names);
    const { kinds, names } = parseNames(invocation.args);
    const views = await (await invocation.service()).list();
    const chosen =
      names.length > 0
        ? names.map((name) => resolveName(name, views))
        : views.filter(({ resource }) => kinds.includes(resource.kind));
    if (chosen.length === 0) {
      throw new CliError(
        'NOT_FOUND',
        `describe: there is no ${kinds.join(' or ').toLowerCase()}`,
        'see: tsctr get',
      );
    }
    const [first] = chosen;
    const value = chosen.length === 1 && first !== undefined ? toObject(first) : toList(chosen);
    await print(invocation, value, () => pagesOf(invocation, chosen));
    return EXIT.asWished;
  },
};

async function pagesOf({ io, globals }: Invocation, views: readonly ResourceView[]): Promise<string> {
  const paint = painter(globals.colour);
  const events = await recentEvents(eventLogPaths(globals.root));
  return views
    .map((view) => {
      const { resource, record } = view;
      // Not those of one before it that had the same name.
      const own = lastOf(events, { resource, since: record.createdAt, count: EVENTS_SHOWN });
      return describeResource(view, io.now(), paint) + eventsSection(own, io.now(), paint);
    })
    .join('\n');
}

async function print({ io, globals }: Invocation, value: object, text: () => Promise<string>): Promise<void> {
  if (globals.output === 'json') io.out(formatJson(value));
  else if (globals.output === 'yaml') io.out(formatYaml(value));
  else io.out(await text());
}
