import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';

export const key: CommandSpec = {
  description:
    'The public key that archives and images of this instance are signed with, made when there is none yet. Named in checkpoints.trust.keys of the configuration of another one, it lets that one restore them.',
  outputs: ['json'],
  examples: ['tsctr checkpoint key'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const publicKey = await (await invocation.service()).checkpoints.key();
    io.out(globals.output === 'json' ? formatJson({ publicKey }) : `${publicKey}\n`);
    return EXIT.asWished;
  },
};
