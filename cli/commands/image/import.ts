import { resolve } from 'node:path';
import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';
import { describePull, openProgress } from '../../output/progress.ts';

const TRANSPORTS = ['oci', 'oci-archive', 'docker-archive', 'dir'];

export const importImage: CommandSpec = {
  description: `The source begins with how it is stored: ${TRANSPORTS.map((t) => `${t}:`).join(', ')}.`,
  arguments: [
    { name: '<source>', description: 'such as oci-archive:demo.tar', completes: 'file' },
    {
      name: '[name]',
      description: 'the name that it gets, such as localhost/demo:1; else the one within it',
    },
  ],
  outputs: ['json'],
  examples: ['tsctr image import oci-archive:demo.tar localhost/demo:1'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const service = await invocation.service();
    const source = absoluteSource(args[0] ?? '', invocation);
    const progress = openProgress(io, args[0] ?? '');
    try {
      const image = await service.images.import(source, args[1] ?? null, (state) => {
        progress.update(state.phase, describePull(state));
      });
      progress.clear();
      io.out(globals.output === 'json' ? formatJson(image) : `${image.id}\n`);
      return EXIT.asWished;
    } finally {
      progress.clear();
    }
  },
};

/** The daemon has another working directory than this command: paths go to it as absolute ones. */
function absoluteSource(source: string, { io }: Invocation): string {
  const colon = source.indexOf(':');
  const transport = colon < 0 ? '' : source.slice(0, colon);
  if (!TRANSPORTS.includes(transport)) {
    throw new CliError(
      'BAD_INPUT',
      `import ${source}: it does not say how it is stored`,
      `begin it with ${TRANSPORTS.map((t) => `${t}:`).join(', ')}; from a registry: tsctr image pull`,
    );
  }
  return `${transport}:${resolve(io.cwd, source.slice(colon + 1))}`;
}
