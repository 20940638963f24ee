import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';

export const cleanup: CommandSpec = {
  description:
    'conmon calls it when the process of a container has ended, so that restart policies hold without a daemon.',
  arguments: [
    {
      name: '[id]',
      description: 'the 64 digits of the container; without: restart what a back-off holds back',
    },
  ],
  run: async ({ args, globals, wiring, signal }) => {
    const id = args[0] ?? null;
    if (id !== null && !/^[0-9a-f]{64}$/.test(id)) {
      throw new CliError('BAD_INPUT', `cleanup: '${id}' is not an id: it takes 64 hexadecimal digits`);
    }
    const { root, run, config } = globals;
    await wiring.cleanupContainer({ root, run, config }, id, signal);
    return EXIT.asWished;
  },
};
