import type { CommandSpec } from '../command-line/command.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { readManifestFiles } from '../arguments/read-manifest-files.ts';
import { showPlan } from '../show/show-plan.ts';

export const diff: CommandSpec = {
  description:
    'One line for each resource: what would be done, and why. Touches nothing. Exits 4 when something would change.',
  options: [...FILE_OPTIONS, { flags: '--prune', description: 'count in what `apply --prune` would remove' }],
  outputs: ['json'],
  examples: ['tsctr diff -f web.yaml'],
  hosted: true,
  run: async (invocation) => {
    const { options, io } = invocation;
    const files = await readManifestFiles(options.list('file'), io, { recursive: options.flag('recursive') });
    return showPlan(invocation, { files, prune: options.flag('prune'), waitMs: null });
  },
};
