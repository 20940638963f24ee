import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';
import { formatYaml } from '../../output/yaml.ts';

export const inspect: CommandSpec = {
  description: 'As JSON, or with -o yaml.',
  arguments: [{ name: '<reference>', description: 'a name or an id', completes: 'image' }],
  outputs: ['json', 'yaml'],
  examples: ['tsctr image inspect localhost/demo:1'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const reference = args[0] ?? '';
    const image = await (await invocation.service()).images.inspect(reference);
    if (image === null) {
      throw new CliError(
        'NOT_FOUND',
        `image ${reference}: not found`,
        'see what is there with: tsctr image list',
      );
    }
    io.out(globals.output === 'yaml' ? formatYaml(image) : formatJson(image));
    return EXIT.asWished;
  },
};
