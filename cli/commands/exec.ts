import { constants } from 'node:os';
import { EngineError } from '../../engine/index.ts';
import type { ExecSession, ExecSessionOptions } from '../../engine/index.ts';
import { requestOf } from '../arguments/choose-container.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import type { Options } from '../arguments/options.ts';
import { Terminal } from '../command-line/terminal.ts';

/** As shells count it when a command is not found, or not executable. */
const [NOT_FOUND, NOT_EXECUTABLE] = [127, 126];
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

export const exec: CommandSpec = {
  description:
    'The exit code is that of the command; 126 when it may not be executed, 127 when it is not there. Works with and without a daemon.',
  arguments: [
    { name: '<name>', description: 'web, container/web, pod/db', completes: 'resource' },
    { name: '<command...>', description: 'after --: the command and its arguments' },
  ],
  options: [
    { flags: '-i, --stdin', description: 'give it our standard input' },
    { flags: '-t, --tty', description: 'in a terminal' },
    { flags: '-d, --detach', description: 'let it run and return at once' },
    { flags: '-u, --user <user>', description: "user or user:group; the container's unless said otherwise" },
    { flags: '-e, --env <NAME=value>', description: 'a variable of its environment', repeatable: true },
    { flags: '-w, --workdir <path>', description: 'directory in the container to run it in' },
    { flags: '-c, --container <name>', description: 'which container of the pod' },
    {
      flags: '--detach-keys <keys>',
      description: `leave it running with these keys (default: ${DEFAULT_DETACH_KEYS})`,
    },
  ],
  examples: ['tsctr exec web -- ls -l /', 'tsctr exec -it web -- sh', 'tsctr exec pod/db -c server -- id'],
  endsWithReader: true,
  run: async (invocation) => {
    const [name = '', ...command] = invocation.args;
    const { wiring, globals, io, options } = invocation;
    const request = await requestOf(invocation, 'exec', [name]);
    const access = await wiring.openAccess(globals);
    const terminal = new Terminal();
    try {
      const session = await access.execSession(request, sessionOptions(options, command, terminal));
      if (options.flag('detach')) {
        session.release();
        io.out(`${session.id}\n`);
        return EXIT.asWished;
      }
      return await follow(invocation, session, terminal);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.code !== 'COMMAND_NOT_FOUND' && error.code !== 'COMMAND_NOT_EXECUTABLE') throw error;
      io.err(`tsctr: ${error.message}\n`);
      return error.code === 'COMMAND_NOT_FOUND' ? NOT_FOUND : NOT_EXECUTABLE;
    }
  },
};

/** Streams until it ends or is left. */
async function follow(
  { options, signal, io }: Invocation,
  session: ExecSession,
  terminal: Terminal,
): Promise<number> {
  const interrupt = (): void => {
    session.signal(constants.signals.SIGINT);
  };
  signal.addEventListener('abort', interrupt);
  const streams = {
    stdin: options.flag('stdin') ? terminal.stdin : null,
    stdout: terminal.stdout,
    stderr: terminal.stderr,
    detachKeys: options.flag('tty') ? (options.text('detachKeys') ?? DEFAULT_DETACH_KEYS) : '',
  };
  try {
    const end = options.flag('tty')
      ? await terminal.during(
          (size) => void session.resize(size),
          () => session.attach(streams),
        )
      : await session.attach(streams);
    if (end === 'ended') return await session.wait();
    session.release();
    io.err(`\nleft running: session ${session.id.slice(0, 12)}\n`);
    return EXIT.asWished;
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

function sessionOptions(
  options: Options,
  command: readonly string[],
  { size }: Terminal,
): ExecSessionOptions {
  const [user, cwd] = [options.text('user'), options.text('workdir')];
  if (cwd !== null && !cwd.startsWith('/')) {
    throw new CliError('BAD_INPUT', `--workdir: '${cwd}' is not an absolute path`);
  }
  return {
    command,
    env: Object.fromEntries(options.list('env').map(parseVariable)),
    tty: options.flag('tty'),
    stdin: options.flag('stdin'),
    detach: options.flag('detach'),
    ...(user !== null && { user }),
    ...(cwd !== null && { cwd }),
    ...(size !== null && { size }),
  };
}

function parseVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new CliError('BAD_INPUT', `--env: expected NAME=value, found '${text}'`);
}
