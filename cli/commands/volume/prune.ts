import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';

export const prune: CommandSpec = {
  description: 'With everything in them.',
  outputs: ['json'],
  examples: ['tsctr volume prune'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const removed = await (await invocation.service()).volumes.prune();
    if (globals.output === 'json') {
      io.out(formatJson(removed));
      return EXIT.asWished;
    }
    for (const { name } of removed) io.out(`volume/${name}  removed\n`);
    io.out(`${removed.length} removed\n`);
    return EXIT.asWished;
  },
};
