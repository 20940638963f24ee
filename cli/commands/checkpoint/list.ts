import type { KeptCheckpoint } from '../../../schemas/index.ts';
import type { CommandSpec } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { formatBytes } from '../../output/bytes.ts';
import { painter } from '../../output/colour.ts';
import { formatJson } from '../../output/json.ts';
import { formatTable } from '../../output/table.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';

export const list: CommandSpec = {
  description: 'One line for each container that has one.',
  outputs: ['json', 'name'],
  examples: ['tsctr checkpoint list'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const kept = keptCheckpoints(await (await invocation.service()).list());
    if (globals.output === 'json') {
      io.out(formatJson(kept.map(({ name, checkpoint }) => ({ container: name, ...checkpoint }))));
    } else if (globals.output === 'name') io.out(kept.map(({ name }) => `container/${name}\n`).join(''));
    else if (kept.length === 0) io.err('no checkpoints; make one with: tsctr checkpoint <name>\n');
    else {
      io.out(
        formatTable(
          [
            { title: 'CONTAINER', value: ({ name }) => name },
            {
              title: 'AGE',
              value: ({ checkpoint }) => formatAge(io.now() - Date.parse(checkpoint.createdAt)),
            },
            { title: 'MEMORY', value: ({ checkpoint }) => formatBytes(checkpoint.memoryBytes) },
            { title: 'SIZE', value: ({ checkpoint }) => formatBytes(checkpoint.sizeBytes) },
            { title: 'BY', value: ({ checkpoint }) => checkpoint.by },
            { title: 'NOTE', value: ({ checkpoint }) => noteOf(checkpoint) },
          ],
          kept,
          { paint: painter(globals.colour) },
        ),
      );
    }
    return EXIT.asWished;
  },
};

function noteOf({ leftRunning, ofEarlierRun }: KeptCheckpoint): string {
  if (ofEarlierRun) return 'of an earlier run';
  return leftRunning ? 'of the present run' : 'its container waits in it';
}
