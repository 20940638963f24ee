import { requestOf } from '../arguments/choose-container.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { Terminal } from '../command-line/terminal.ts';
import { DEFAULT_DETACH_KEYS } from './exec.ts';

export const attach: CommandSpec = {
  description:
    'Shows what it writes from now on; what came before is in its logs. Input reaches it only with spec.stdin. ' +
    'Ctrl-C, and in a terminal the detach keys, leave it running.',
  arguments: [{ name: '<name>', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [
    { flags: '--no-stdin', description: 'only look: give it no input' },
    { flags: '-c, --container <name>', description: 'which container of the pod' },
    {
      flags: '--detach-keys <keys>',
      description: `leave it running with these keys (default: ${DEFAULT_DETACH_KEYS})`,
    },
  ],
  examples: ['tsctr attach web', 'tsctr attach web --no-stdin'],
  endsWithReader: true,
  run: async (invocation) => {
    const { wiring, globals, options, signal } = invocation;
    const request = await requestOf(invocation, 'attach', invocation.args);
    const access = await wiring.openAccess(globals);
    const terminal = new Terminal();
    const isTty = request.spec.tty === true;
    const takesInput = request.spec.stdin === true && options.has('stdin');
    const { size } = terminal;
    if (isTty && size !== null) {
      await access.resize(request, size).catch((error: unknown) => {
        throw new CliError('BAD_REQUEST', error instanceof Error ? error.message : String(error));
      });
    }
    const streams = {
      stdin: takesInput ? terminal.stdin : null,
      stdout: terminal.stdout,
      stderr: terminal.stderr,
      detachKeys: isTty ? (options.text('detachKeys') ?? DEFAULT_DETACH_KEYS) : '',
      signal,
    };
    const attached = (): Promise<unknown> => access.attach(request, streams);
    if (isTty && takesInput) await terminal.during((next) => void access.resize(request, next), attached);
    else await attached();
    return EXIT.asWished;
  },
};
