import { open } from 'node:fs/promises';
import type { ResourceView, Service } from '../api/service.ts';
import { chooseContainer } from '../arguments/choose-container.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { findTail } from '../log/find-tail.ts';
import { followFile } from '../log/follow-file.ts';
import { LogPrinter } from '../log/log-printer.ts';
import { sinceMs } from '../log/since.ts';
import { containersOf, watchEnd } from '../log/watch-end.ts';
import { formatName } from '../arguments/resource-name.ts';

export const logs: CommandSpec = {
  description:
    'With -f it goes on until the container ends. Standard output and standard error are printed as they came.',
  arguments: [
    {
      name: '<name...>',
      description: 'web, container/web, pod/db; a container of a pod: pod/db -c server',
      completes: 'resource',
    },
  ],
  options: [
    { flags: '-f, --follow', description: 'go on with what is written, until the container ends' },
    { flags: '--tail <lines>', description: 'only so many of the last lines' },
    {
      flags: '--since <when>',
      description: 'only what is newer: a duration such as 10m, or a time as in RFC 3339',
    },
    { flags: '--timestamps', description: 'the time before each line' },
    { flags: '-p, --previous', description: 'of the run before this one' },
    { flags: '-c, --container <name>', description: 'which container of the pod' },
  ],
  examples: ['tsctr logs web -f --tail 20', 'tsctr logs pod/db -c server --since 10m'],
  endsWithReader: true,
  run: async (invocation) => {
    const { options, io } = invocation;
    const service = await invocation.service();
    const { view, member: container } = chooseContainer(
      invocation,
      'logs',
      invocation.args,
      await service.list(),
    );
    const paths = await service.logs(view.resource, container);
    const path = options.flag('previous') ? paths.previous : paths.current;
    const printer = new LogPrinter({ timestamps: options.flag('timestamps'), sinceMs: sinceMs(invocation) });
    const offset = await startOf(path, tailOf(invocation));
    if (offset === null && (options.flag('previous') || !paths.running)) {
      throw new CliError('NOT_FOUND', `${formatName(view.resource)}: ${why(options.flag('previous'))}`);
    }
    const follows = options.flag('follow') && !options.flag('previous') && paths.running;
    const ended = new AbortController();
    if (follows) void waitForEnd(invocation, view, container, ended);
    else ended.abort();
    await followFile({
      path,
      offset: offset ?? 0,
      ended: ended.signal,
      signal: invocation.signal,
      onData: async (bytes) => {
        if (!io.out(printer.feed(bytes))) await io.drained();
      },
    });
    io.out(printer.end());
    return invocation.signal.aborted ? EXIT.interrupted : EXIT.asWished;
  },
};

function why(previous: boolean): string {
  return previous ? 'there is no log of an earlier run' : 'it has not run, so there is no log';
}

async function waitForEnd(
  invocation: Invocation,
  view: ResourceView,
  container: string | null,
  ended: AbortController,
): Promise<void> {
  const { wiring, globals, signal } = invocation;
  const record = view.record.kind === 'Pod' ? `${view.resource.name}.${container ?? ''}` : view.resource.name;
  if (containersOf(view).some(({ name }) => name === record)) {
    const { root, run, config } = globals;
    const service = (): Promise<Service> => wiring.openService({ root, run, config });
    await watchEnd({ name: view.resource, record, signal, service });
  }
  ended.abort();
}

function tailOf({ options }: Invocation): number | null {
  const text = options.text('tail');
  if (text === null || text === '-1') return null;
  if (!/^\d+$/.test(text)) throw new CliError('BAD_INPUT', `--tail: '${text}' is not a number of lines`);
  return Number(text);
}

/** Where to begin in the file; null when there is none. */
async function startOf(path: string, tail: number | null): Promise<number | null> {
  try {
    const file = await open(path, 'r');
    try {
      return tail === null ? 0 : await findTail(file, (await file.stat()).size, tail);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
