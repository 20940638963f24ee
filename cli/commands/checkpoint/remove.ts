import type { CommandSpec } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';
import { parseNames, resolveName } from '../../resource-name.ts';

export const remove: CommandSpec = {
  description: 'Refused for a container that is Checkpointed: its memory is nowhere else.',
  arguments: [{ name: '<name...>', description: 'web, container/web', completes: 'resource' }],
  examples: ['tsctr checkpoint remove web'],
  hosted: true,
  run: async (invocation) => {
    const service = await invocation.service();
    const views = await service.list();
    const names = parseNames(invocation.args).names.map((name) => resolveName(name, views).resource);
    await service.checkpoints.remove(names);
    for (const { name } of names) invocation.io.out(`container/${name}  checkpoint removed\n`);
    return EXIT.asWished;
  },
};
