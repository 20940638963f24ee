import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';

export const remove: CommandSpec = {
  description: 'An image goes with its last name. One that a container uses is refused.',
  arguments: [{ name: '<reference...>', description: 'names or ids', completes: 'image' }],
  outputs: ['json'],
  examples: ['tsctr image remove localhost/demo:1'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const service = await invocation.service();
    for (const reference of args) {
      await service.images.remove(reference);
      if (globals.output === 'text') io.out(`${reference}  removed\n`);
    }
    if (globals.output === 'json') io.out(formatJson({ removed: args }));
    return EXIT.asWished;
  },
};
