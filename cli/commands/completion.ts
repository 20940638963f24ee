import type { CommandSpec } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import { EXIT } from '../command-line/exit-code.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion: CommandSpec = {
  description:
    'Commands, options and values come with the script; names of resources and images are asked for.',
  arguments: [{ name: '<shell>', description: 'which shell', choices: SHELLS }],
  examples: [
    'source <(tsctr completion bash)',
    'tsctr completion zsh > /usr/local/share/zsh/site-functions/_tsctr',
    'tsctr completion fish > ~/.config/fish/completions/tsctr.fish',
  ],
  run: async ({ args, io, loadTree }) => {
    const shell = SHELLS.find((one) => one === args[0]);
    if (shell === undefined) {
      throw new CliError(
        'BAD_INPUT',
        `completion: unknown shell '${args[0] ?? ''}'`,
        `say one of ${SHELLS.join(', ')}`,
      );
    }
    const { makeCandidates } = await import('../completion/candidates.ts');
    const candidates = makeCandidates(await loadTree());
    switch (shell) {
      case 'bash':
        io.out((await import('../completion/bash.ts')).bashScript(candidates));
        break;
      case 'zsh':
        io.out((await import('../completion/zsh.ts')).zshScript(candidates));
        break;
      case 'fish':
        io.out((await import('../completion/fish.ts')).fishScript(candidates));
    }
    return EXIT.asWished;
  },
};
