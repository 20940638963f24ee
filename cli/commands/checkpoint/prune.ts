import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatBytes } from '../../output/bytes.ts';
import { formatJson } from '../../output/json.ts';
import { formatCheckpointName, keptCheckpoints } from './kept-checkpoints.ts';

export const prune: CommandSpec = {
  description:
    'Those of earlier runs, but for pinned ones: the container has begun anew since, and no crash or boot leads back to them.',
  outputs: ['json'],
  examples: ['tsctr checkpoint prune'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const service = await invocation.service();
    const old = keptCheckpoints(await service.list()).filter(
      ({ checkpoint }) => checkpoint.ofEarlierRun && checkpoint.pinned !== true,
    );
    await service.checkpoints.remove(
      old.map(({ name, checkpoint }) => ({ container: name, checkpoint: checkpoint.id })),
    );
    const freedBytes = old.reduce((sum, { checkpoint }) => sum + checkpoint.sizeBytes, 0);
    const removed = old.map(formatCheckpointName);
    if (globals.output === 'json') io.out(formatJson({ removed, freedBytes }));
    else {
      for (const name of removed) io.out(`checkpoint ${name}  removed\n`);
      io.out(`${removed.length} removed, ${formatBytes(freedBytes)} freed\n`);
    }
    return EXIT.asWished;
  },
};
