import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { replaceFile } from '../../engine/index.ts';
import { requestOf } from '../arguments/choose-container.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';

export const exportContainer: CommandSpec = {
  description: 'The root filesystem as it is now, whether it runs or not, without its volumes.',
  arguments: [{ name: '<name>', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [
    {
      flags: '-f, --file <path>',
      description: 'where to write it; standard output unless said otherwise',
      completes: 'file',
    },
    { flags: '-c, --container <name>', description: 'which container of the pod' },
  ],
  examples: ['tsctr export web -f web.tar', 'tsctr export web | tar -t'],
  endsWithReader: true,
  run: async (invocation) => {
    const { wiring, globals, io, args, options } = invocation;
    const file = options.text('file');
    if (file === null && io.outIsTerminal) {
      throw new CliError('BAD_INPUT', 'export: a terminal cannot show an archive', 'say where to with -f');
    }
    const request = await requestOf(invocation, 'export', args);
    const access = await wiring.openAccess(globals);
    if (file === null) await access.exportFilesystem(request, process.stdout);
    else await toFile(resolve(io.cwd, file), (output) => access.exportFilesystem(request, output));
    return EXIT.asWished;
  },
};

/** Under another name until it is complete; for its owner alone, because a container has secrets. */
async function toFile(file: string, write: (output: NodeJS.WritableStream) => Promise<void>): Promise<void> {
  const unfinished = `${file}.${randomBytes(4).toString('hex')}.unfinished`;
  const output = createWriteStream(unfinished, { flags: 'wx', mode: 0o600 });
  try {
    await write(output);
    output.end();
    await finished(output);
    await replaceFile(unfinished, file, 'export');
  } catch (error) {
    output.destroy();
    await rm(unfinished, { force: true });
    throw error;
  }
}
