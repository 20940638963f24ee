import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';

export const remove: CommandSpec = {
  description: 'With everything in them. One that a container or pod names is refused.',
  arguments: [{ name: '<name...>', description: 'names of volumes' }],
  examples: ['tsctr volume remove data'],
  run: async (invocation) => {
    const { io, args } = invocation;
    const service = await invocation.service();
    for (const name of args) {
      await service.volumes.remove(name);
      io.out(`volume/${name}  removed\n`);
    }
    return EXIT.asWished;
  },
};
