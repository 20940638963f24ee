import { CliError } from '../../cli-error.ts';
import type { CommandSpec } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { checkpointRows } from '../../output/checkpoint-text.ts';
import { formatJson } from '../../output/json.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';

export const show: CommandSpec = {
  description:
    'When it was made and why, how large it is, how long the processes stood still, and the time by stage.',
  arguments: [{ name: '<name>', description: 'web, container/web', completes: 'resource' }],
  outputs: ['json'],
  examples: ['tsctr checkpoint show web'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const name = (args[0] ?? '').replace(/^container\//, '');
    const kept = keptCheckpoints(await (await invocation.service()).list()).find(
      (each) => each.name === name,
    );
    if (kept === undefined) {
      throw new CliError(
        'NOT_FOUND',
        `checkpoint show: container/${name} has none`,
        'see what there is with: tsctr checkpoint list',
      );
    }
    const { checkpoint } = kept;
    if (globals.output === 'json') io.out(formatJson({ container: name, ...checkpoint }));
    else {
      const age = formatAge(io.now() - Date.parse(checkpoint.createdAt));
      io.out(`container/${name}  ${checkpoint.createdAt} (${age} ago), by ${checkpoint.by}\n`);
      io.out(checkpointRows(checkpoint));
    }
    return EXIT.asWished;
  },
};
