import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';

/** Writes docs/cli.md: `node --import tsx cli/main.ts __docs > docs/cli.md`; a test says when that was forgotten. */
export const docs: CommandSpec = {
  description: '',
  run: async ({ io, loadTree }) => {
    const { formatCommandDocs } = await import('../output/command-docs.ts');
    io.out(formatCommandDocs(await loadTree()));
    return EXIT.asWished;
  },
};
