import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { replaceFile } from '../../../engine/index.ts';
import { AT_FDCWD, createLinuxKernel, O_NONBLOCK, O_RDONLY, O_RDWR, S_IFIFO } from '../../../native/index.ts';
import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';

export const exportVolume: CommandSpec = {
  description: 'With owners, modes, times and extended attributes.',
  arguments: [{ name: '<name>', description: 'name of the volume' }],
  options: [
    {
      flags: '-f, --file <path>',
      description: 'where to write it; standard output unless said otherwise',
      completes: 'file',
    },
  ],
  examples: ['tsctr volume export data -f data.tar', 'tsctr volume export data | tar -t'],
  endsWithReader: true,
  run: async (invocation) => {
    const { io, args, options } = invocation;
    const name = args[0] ?? '';
    const file = options.text('file');
    if (file === null && io.outIsTerminal) {
      throw new CliError('BAD_INPUT', 'export: a terminal cannot show an archive', 'say where to with -f');
    }
    const { volumes } = await invocation.service();
    if (file === null) {
      await throughPipe(invocation.globals.run, (pipe) => volumes.exportTo(name, pipe));
      return EXIT.asWished;
    }
    const whole = resolve(io.cwd, file);
    const unfinished = `${whole}.${randomBytes(4).toString('hex')}.unfinished`;
    try {
      await volumes.exportTo(name, unfinished);
      await replaceFile(unfinished, whole, `export volume ${name}`);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    return EXIT.asWished;
  },
};

/** By way of a named pipe: the daemon can write to that as well as this process, whatever standard output is. */
async function throughPipe(run: string, write: (pipe: string) => Promise<void>): Promise<void> {
  const kernel = createLinuxKernel();
  const pipe = join(run, `export-${randomBytes(8).toString('hex')}`);
  await mkdir(run, { recursive: true });
  kernel.mknodat(AT_FDCWD, pipe, S_IFIFO | 0o600, { major: 0, minor: 0 });
  const remove = (): void => {
    rmSync(pipe, { force: true });
  };
  // This process ends at once when nobody reads its output.
  process.once('exit', remove);
  // As a writer it keeps the reader from seeing an end before there was a beginning.
  const keeper = kernel.openat2(AT_FDCWD, pipe, { flags: O_RDWR });
  try {
    const reader = kernel.openat2(AT_FDCWD, pipe, { flags: O_RDONLY | O_NONBLOCK });
    const source = new Socket({ fd: reader, readable: true, writable: false });
    const copied = pipeline(source, process.stdout, { end: false });
    await write(pipe).finally(() => {
      kernel.close(keeper);
    });
    await copied;
  } finally {
    process.off('exit', remove);
    remove();
  }
}
