import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { checkpointRows, madeBy } from '../../output/checkpoint-text.ts';
import { formatJson } from '../../output/json.ts';
import { formatCheckpointName, keptCheckpoints, requireMatching } from './kept-checkpoints.ts';

export const show: CommandSpec = {
  description:
    'When it was made and why, how large it is, how long the processes stood still, and the time by stage. Without a number: the newest.',
  arguments: [{ name: '<name>', description: 'web, web@3, container/web', completes: 'resource' }],
  outputs: ['json'],
  examples: ['tsctr checkpoint show web', 'tsctr checkpoint show web@3'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const kept = keptCheckpoints(await (await invocation.service()).list());
    const [shown, ...older] = requireMatching(kept, args[0] ?? '', 'show');
    const { name, checkpoint } = shown;
    if (globals.output === 'json') io.out(formatJson({ container: name, ...checkpoint }));
    else {
      const age = formatAge(io.now() - Date.parse(checkpoint.createdAt));
      const title = `checkpoint ${formatCheckpointName(shown)}`;
      io.out(`${title}  ${checkpoint.createdAt} (${age} ago), by ${madeBy(checkpoint)}\n`);
      io.out(checkpointRows(checkpoint));
      if (older.length > 0) io.out(`  older       ${older.map(formatCheckpointName).join(', ')}\n`);
    }
    return EXIT.asWished;
  },
};
