import { EVENT_TYPES } from '../../reconciler/index.ts';
import type { ResourceEvent } from '../../reconciler/index.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EventLines } from '../events/event-lines.ts';
import { eventLogPaths } from '../events/event-log-paths.ts';
import { concerns, readEvents } from '../events/read-events.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { followFile } from '../log/follow-file.ts';
import { sinceMs } from '../log/since.ts';
import { formatResourceEvent } from '../output/resource-event-text.ts';
import { parseNames } from '../arguments/resource-name.ts';

export const events: CommandSpec = {
  description:
    'What has happened to containers, oldest first: started, died, checkpointed, removed … They are kept over restarts of the daemon and reboots of the host, one to two mebibytes of them.',
  arguments: [
    {
      name: '[name...]',
      description: 'web, container/web; with pod/db those of its containers. Default: all',
      completes: 'resource',
    },
  ],
  options: [
    { flags: '-f, --follow', description: 'go on with what happens, until interrupted', needsProcess: true },
    {
      flags: '--since <when>',
      description: 'only what is newer: a duration such as 10m, or a time as in RFC 3339',
    },
    { flags: '--type <type>', description: 'only these', repeatable: true, choices: EVENT_TYPES },
  ],
  outputs: ['json'],
  hosted: true,
  endsWithReader: true,
  examples: ['tsctr events web --since 1h', 'tsctr events -f --type died -o json'],
  run: async (invocation) => {
    const { globals, io, options, signal } = invocation;
    const paths = eventLogPaths(globals.root);
    const isWanted = filterOf(invocation);
    const print = async (found: readonly ResourceEvent[]): Promise<void> => {
      const format = globals.output === 'json' ? JSON.stringify : formatResourceEvent;
      const text = found
        .filter(isWanted)
        .map((event) => `${format(event)}\n`)
        .join('');
      if (text !== '' && !io.out(text)) await io.drained();
    };
    const { events: kept, offset } = await readEvents(paths);
    await print(kept);
    if (!options.flag('follow')) return EXIT.asWished;
    const lines = new EventLines();
    const never = new AbortController().signal;
    await followFile({
      path: paths.current,
      offset,
      ended: never,
      signal,
      onData: (bytes) => print(lines.feed(bytes)),
    });
    return EXIT.interrupted;
  },
};

function filterOf(invocation: Invocation): (event: ResourceEvent) => boolean {
  const { args, options } = invocation;
  const { kinds, names } = parseNames(args);
  const types = new Set(options.list('type'));
  const since = sinceMs(invocation);
  return (event) =>
    (names.length === 0 || names.some((name) => concerns(event, name))) &&
    (kinds.length === 0 || kinds.some((kind) => kind === event.resource.kind)) &&
    (types.size === 0 || types.has(event.type)) &&
    (since === null || Date.parse(event.time) >= since);
}
