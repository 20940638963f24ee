import type { RestoreTarget } from '../api/checkpoint-service.ts';
import type { ApplyEvent, ResourceName } from '../api/service.ts';
import { CliError } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { formatJson } from '../output/json.ts';
import { parseNames, resolveName } from '../resource-name.ts';
import { showSummary, watchEvents } from '../show-changes.ts';

export const restore: CommandSpec = {
  description:
    'The processes go on where they were when the checkpoint was made. When that fails, everything is taken back and the checkpoint is kept. A container that runs has to be stopped first.',
  arguments: [{ name: '<name...>', description: 'web, web@3, container/web, pod/db', completes: 'resource' }],
  outputs: ['json'],
  examples: ['tsctr restore web', 'tsctr restore web@3', 'tsctr stop web && tsctr restore web'],
  hosted: true,
  run: async (invocation) => {
    const { args, globals, io } = invocation;
    const words = args.map(splitNumber);
    const { kinds, names } = parseNames(words.map(({ word }) => word));
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
    // A kind may stand before the names.
    const numbers = words.slice(words.length - names.length);
    const request = {
      names: names.map((name, index): RestoreTarget => {
        const { resource } = resolveName(name, views);
        const checkpoint = numbers[index]?.checkpoint;
        return checkpoint === undefined
          ? resource
          : { ...resource, checkpoint: ofContainer(resource, checkpoint) };
      }),
    };
    const summary = await service.checkpoints.restore(request, shown.onEvent, invocation.signal);
    shown.end();
    if (globals.output === 'json') io.out(formatJson({ kind: 'RestoreResult', events, ...summary }));
    return showSummary(invocation, summary);
  },
};

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
