import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatBytes } from '../../output/bytes.ts';
import { formatJson } from '../../output/json.ts';

export const prune: CommandSpec = {
  description: 'Checkpoints stay as long as they have a name: their memory may be nowhere else.',
  outputs: ['json'],
  examples: ['tsctr image prune'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const result = await (await invocation.service()).images.prune();
    if (globals.output === 'json') {
      io.out(formatJson(result));
      return EXIT.asWished;
    }
    for (const image of result.removed) io.out(`${image.names[0] ?? image.id}  removed\n`);
    io.out(`${result.removed.length} removed, ${formatBytes(result.freedBytes)} freed\n`);
    return EXIT.asWished;
  },
};
