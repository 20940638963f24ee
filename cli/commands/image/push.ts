import { resolve } from 'node:path';
import type { CommandSpec, Invocation } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';

/** Transports whose destination is a path. */
const FILES = /^(oci|oci-archive|docker-archive|dir):(?!\/\/)(.+)$/;

export const push: CommandSpec = {
  description:
    'Where to is said by the name of the image, or by a destination: a name in a registry, or a path behind oci-archive:, docker-archive:, oci: or dir:. Layers that are there already are not sent again.',
  arguments: [
    { name: '<reference>', description: 'an image of the store, by name or id' },
    { name: '[destination]', description: 'such as registry.example/app:1 or oci-archive:app.tar' },
  ],
  outputs: ['json'],
  examples: [
    'tsctr image push registry.example/app:1',
    'tsctr image push localhost/web-ckpt:1 registry.example/web-ckpt:1',
  ],
  hosted: true,
  run: async (invocation) => {
    const { args, io, globals } = invocation;
    const service = await invocation.service();
    const pushed = await service.images.push(args[0] ?? '', destinationFrom(invocation));
    io.out(globals.output === 'json' ? formatJson(pushed) : `${pushed.destination}\n`);
    return EXIT.asWished;
  },
};

/** The daemon has another working directory than this command. */
function destinationFrom({ args, io }: Invocation): string | null {
  const word = args[1];
  if (word === undefined) return null;
  const [, transport, file] = FILES.exec(word) ?? [];
  return transport === undefined || file === undefined ? word : `${transport}:${resolve(io.cwd, file)}`;
}
