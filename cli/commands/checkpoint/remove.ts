import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatCheckpointName, keptCheckpoints, requireMatching } from './kept-checkpoints.ts';
import type { Kept } from './kept-checkpoints.ts';

export const remove: CommandSpec = {
  description: 'Refused for the one that a Checkpointed container waits in: its memory is nowhere else.',
  arguments: [{ name: '<name...>', description: 'web@3, container/web@3', completes: 'resource' }],
  options: [{ flags: '--all', description: 'every one of the named containers' }],
  examples: ['tsctr checkpoint remove web@3', 'tsctr checkpoint remove web --all'],
  hosted: true,
  run: async (invocation) => {
    const { args, options, io } = invocation;
    const service = await invocation.service();
    const kept = keptCheckpoints(await service.list());
    const chosen = args.flatMap((word) => {
      const found = requireMatching(kept, word, 'remove');
      if (found.length > 1 && !options.flag('all')) refuseSeveral(word, found);
      return found;
    });
    await service.checkpoints.remove(
      chosen.map(({ name, checkpoint }) => ({ container: name, checkpoint: checkpoint.id })),
    );
    for (const each of chosen) io.out(`checkpoint ${formatCheckpointName(each)}  removed\n`);
    return EXIT.asWished;
  },
};

function refuseSeveral(word: string, found: readonly Kept[]): never {
  throw new CliError(
    'AMBIGUOUS',
    `checkpoint remove: ${word} has ${String(found.length)} checkpoints`,
    `say which: ${found.map(formatCheckpointName).join(', ')}, or --all`,
  );
}
