import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';
import { formatYaml } from '../../output/yaml.ts';

export const inspect: CommandSpec = {
  description: 'As JSON, or with -o yaml. `path` is where its files are on this host.',
  arguments: [{ name: '<name>', description: 'name of the volume' }],
  outputs: ['json', 'yaml'],
  examples: ['tsctr volume inspect data'],
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const name = args[0] ?? '';
    const volume = await (await invocation.service()).volumes.inspect(name);
    if (volume === null) {
      throw new CliError(
        'NOT_FOUND',
        `volume ${name}: not found`,
        'see what is there with: tsctr volume list',
      );
    }
    io.out(globals.output === 'yaml' ? formatYaml(volume) : formatJson(volume));
    return EXIT.asWished;
  },
};
