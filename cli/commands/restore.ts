import type { ApplyEvent } from '../api/service.ts';
import { CliError } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { formatJson } from '../output/json.ts';
import { parseNames, resolveName } from '../resource-name.ts';
import { showSummary, watchEvents } from '../show-changes.ts';

export const restore: CommandSpec = {
  description:
    'The processes go on where they were when the checkpoint was made. When that fails, everything is taken back and the checkpoint is kept. A container that runs has to be stopped first.',
  arguments: [{ name: '<name...>', description: 'web, container/web, pod/db', completes: 'resource' }],
  outputs: ['json'],
  examples: ['tsctr restore web', 'tsctr stop web && tsctr restore web'],
  hosted: true,
  run: async (invocation) => {
    const { args, globals, io } = invocation;
    const { kinds, names } = parseNames(args);
    if (kinds.length > 0) {
      throw new CliError(
        'BAD_INPUT',
        `restore: '${args.join(' ')}' names no resource`,
        'say tsctr restore <name>',
      );
    }
    const service = await invocation.service();
    const views = await service.list();
    const events: ApplyEvent[] = [];
    const shown = watchEvents(invocation, events);
    const request = { names: names.map((name) => resolveName(name, views).resource) };
    const summary = await service.checkpoints.restore(request, shown.onEvent, invocation.signal);
    shown.end();
    if (globals.output === 'json') io.out(formatJson({ kind: 'RestoreResult', events, ...summary }));
    return showSummary(invocation, summary);
  },
};
