import type { FileChange } from '../../engine/index.ts';
import { requestOf } from '../arguments/choose-container.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatJson } from '../output/json.ts';
import { printableLine } from '../output/printable.ts';

const SIGNS: Readonly<Record<FileChange['kind'], string>> = { added: 'A', changed: 'C', deleted: 'D' };

export const changes: CommandSpec = {
  description: 'Against its image, volumes apart: A added, C changed, D deleted.',
  arguments: [{ name: '<name>', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [{ flags: '-c, --container <name>', description: 'which container of the pod' }],
  outputs: ['json'],
  examples: ['tsctr changes web'],
  run: async (invocation) => {
    const { wiring, globals, io, args } = invocation;
    const request = await requestOf(invocation, 'changes', args);
    const found = await (await wiring.openAccess(globals)).changes(request);
    if (globals.output === 'json') io.out(formatJson(found));
    else io.out(found.map(({ kind, path }) => `${SIGNS[kind]} ${printableLine(path)}\n`).join(''));
    return EXIT.asWished;
  },
};
