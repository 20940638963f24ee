import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';

export const importVolume: CommandSpec = {
  description: 'The volume is made if it is missing; one with anything in it is refused. All or nothing.',
  arguments: [
    { name: '<name>', description: 'name of the volume' },
    {
      name: '[archive]',
      description: 'a tar archive; standard input unless said otherwise',
      completes: 'file',
    },
  ],
  examples: ['tsctr volume import data data.tar', 'tsctr volume export data | tsctr volume import copy'],
  run: async (invocation) => {
    const { io, args } = invocation;
    const [name = '', archive] = args;
    const { volumes } = await invocation.service();
    if (archive === undefined) {
      await withStdinAsFile(invocation.globals.root, (file) => volumes.importFrom(name, file));
    } else {
      await volumes.importFrom(name, resolve(io.cwd, archive));
    }
    io.out(`volume/${name}  filled\n`);
    return EXIT.asWished;
  },
};

/** The daemon cannot read what this process is given, so that it lies in a file meanwhile, for root alone. */
async function withStdinAsFile(root: string, action: (file: string) => Promise<unknown>): Promise<void> {
  const file = join(root, `import-${randomBytes(8).toString('hex')}.tar`);
  await mkdir(root, { recursive: true });
  try {
    await pipeline(process.stdin, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    await action(file);
  } finally {
    await rm(file, { force: true });
  }
}
