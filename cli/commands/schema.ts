import type { CommandSpec } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatJson } from '../output/json.ts';
import { kindOf } from '../arguments/resource-name.ts';

export const schema: CommandSpec = {
  description:
    'Of one kind, or of everything that a manifest can be. Editors take it as the schema of a YAML file.',
  arguments: [{ name: '[kind]', description: 'container or pod', completes: 'kind' }],
  outputs: ['json'],
  examples: ['tsctr schema > tsctr.schema.json'],
  run: async ({ args, io }) => {
    const [word] = args;
    const kind = word === undefined ? null : kindOf(word);
    if (word !== undefined && kind === null) {
      throw new CliError('BAD_INPUT', `schema: unknown kind '${word}'`, 'the kinds are container and pod');
    }
    const { jsonSchema } = await import('../../schemas/index.ts');
    io.out(formatJson(jsonSchema(kind)));
    return EXIT.asWished;
  },
};
