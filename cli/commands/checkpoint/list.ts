import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { formatBytes } from '../../output/bytes.ts';
import { madeBy } from '../../output/checkpoint-text.ts';
import { painter } from '../../output/colour.ts';
import { formatJson } from '../../output/json.ts';
import { formatTable } from '../../output/table.ts';
import { formatCheckpointName, keptCheckpoints, matching, parseCheckpointName } from './kept-checkpoints.ts';
import type { Kept } from './kept-checkpoints.ts';

export const list: CommandSpec = {
  description: 'One line for each that is kept, newest first.',
  arguments: [{ name: '[name...]', description: 'only those of these containers', completes: 'resource' }],
  outputs: ['json', 'name'],
  examples: ['tsctr checkpoint list', 'tsctr checkpoint list web -o name'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const all = keptCheckpoints(await (await invocation.service()).list());
    const kept = args.length === 0 ? all : args.flatMap((word) => matching(all, parseCheckpointName(word)));
    if (globals.output === 'json') {
      io.out(formatJson(kept.map(({ name, checkpoint }) => ({ container: name, ...checkpoint }))));
    } else if (globals.output === 'name') {
      io.out(kept.map((each) => `container/${formatCheckpointName(each)}\n`).join(''));
    } else if (kept.length === 0) io.err('no checkpoints; make one with: tsctr checkpoint <name>\n');
    else {
      io.out(
        formatTable(
          [
            { title: 'CHECKPOINT', value: formatCheckpointName },
            {
              title: 'AGE',
              value: ({ checkpoint }) => formatAge(io.now() - Date.parse(checkpoint.createdAt)),
            },
            { title: 'MEMORY', value: ({ checkpoint }) => formatBytes(checkpoint.memoryBytes) },
            { title: 'SIZE', value: ({ checkpoint }) => formatBytes(checkpoint.sizeBytes) },
            { title: 'BY', value: ({ checkpoint }) => madeBy(checkpoint) },
            { title: 'NOTE', value: noteOf },
          ],
          kept,
          { paint: painter(globals.colour) },
        ),
      );
    }
    return EXIT.asWished;
  },
};

function noteOf({ record, checkpoint }: Kept): string {
  const { ofEarlierRun, pinned, id } = checkpoint;
  const waits = record.state === 'Checkpointed' && record.checkpoint?.id === id;
  const note = ofEarlierRun
    ? 'of an earlier run'
    : waits
      ? 'its container waits in it'
      : 'of the present run';
  return pinned === true ? `${note}, pinned` : note;
}
