import type { CommandSpec } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';
import { formatInspection } from '../../output/inspection-text.ts';
import { formatJson } from '../../output/json.ts';
import { inspectNamed } from './find-checkpoint.ts';

export const inspect: CommandSpec = {
  description:
    'Process tree, memory, mounts, sockets and files of the checkpoint of a container, or of an archive or directory of tsctr, podman, CRI-O or containerd. Nothing is restored and nothing is written.',
  arguments: [{ name: '<name-or-path>', description: 'web, web@3, or a path', completes: 'resource' }],
  options: [{ flags: '--env-values', description: 'show the values of variables, which may be secrets' }],
  outputs: ['json'],
  examples: ['tsctr checkpoint inspect web', 'tsctr checkpoint inspect ./web.tar.zst -o json'],
  run: async (invocation) => {
    const { io, globals, args, options } = invocation;
    const environmentValues = options.flag('envValues');
    const inspection = await inspectNamed(invocation, args[0] ?? '', { environmentValues });
    io.out(globals.output === 'json' ? formatJson(inspection) : formatInspection(inspection));
    return EXIT.asWished;
  },
};
