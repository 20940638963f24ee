import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serve } from '../../../cli/api/server.ts';
import { CommandHost } from '../../../cli/hosted/command-host.ts';
import { TO_DAEMON } from '../../../cli/hosted/frames.ts';
import { loadTree } from '../../../cli/command-line/load-tree.ts';
import { viewContainer } from '../../../cli/output/resource-status.ts';
import { runCommandLine } from '../../../cli/command-line/run-command-line.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { containerText } from '../../support/manifest-text.ts';
import { until } from '../../support/until.ts';
import { FakeService } from '../support/fake-service.ts';
import { HostedClient, PLACE } from '../support/hosted-client.ts';
import type { HostedOptions, HostedResult } from '../support/hosted-client.ts';
import { containerRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

interface Hosting {
  fake: FakeService;
  directory: string;
  errors: object[];
  begin: (args: readonly string[], options?: HostedOptions) => HostedClient;
  run: (args: readonly string[], options?: HostedOptions) => Promise<HostedResult>;
  close: (graceMs: number) => Promise<void>;
}

/** A server that hosts commands, on a service without a host. */
async function withHost(body: (hosting: Hosting) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const fake = new FakeService();
  const errors: object[] = [];
  const host = new CommandHost({
    service: fake,
    root: '/r',
    run: '/r/run',
    place: PLACE,
    kernel: createLinuxKernel(),
    loadTree,
    runLine: runCommandLine,
    log: { error: (fields) => errors.push(fields) },
  });
  const socketPath = join(directory, 'tsctr.sock');
  const server = await serve({
    service: fake,
    socketPath,
    version: '0',
    root: '/r',
    onCommand: (socket, ends) => {
      host.serve(socket, ends);
    },
  });
  const begin = (args: readonly string[], options?: HostedOptions) =>
    new HostedClient(socketPath, ['--root', '/r', '--run', '/r/run', ...args], options);
  let isClosed = false;
  const close = async (graceMs: number): Promise<void> => {
    if (!isClosed) await server.close(graceMs);
    isClosed = true;
  };
  try {
    await body({ fake, directory, errors, begin, run: (...given) => begin(...given).result, close });
  } finally {
    await close(100);
  }
}

test('a command runs in the daemon, with output, errors and exit code as of its own process', async () => {
  await withHost(async ({ fake, run }) => {
    fake.views = [viewContainer(containerRecord('web'), Date.now())];
    const got = await run(['get', '-o', 'name']);
    assert.equal([got.code, got.out, got.err, got.elsewhere], [0, 'container/web\n', '', false]);
    const missing = await run(['get', 'nobody']);
    assert.is(missing.code, 1);
    assert.match(missing.err, /^error: /);
    assert.is((await run(['get', '--bogus'])).code, 2);
    assert.match((await run(['get', '--bogus', '-o', 'json'])).err, /^\{"error":\{"code":"BAD_INPUT"/);
    assert.is(fake.isClosed, false, 'the service outlives the command');
  });
});

test('files are read from the directory of the client, and standard input is asked for', async () => {
  await withHost(async ({ fake, run, directory }) => {
    writeFileSync(join(directory, 'web.yaml'), containerText('web'));
    const options = { cwd: directory, input: containerText('ü') };
    assert.is((await run(['apply', '-f', '-', '-f', 'web.yaml'], options)).code, 0);
    const [call] = fake.calls;
    assert.equal((call?.request as { files: unknown }).files, [
      { file: '-', path: '-', text: containerText('ü') },
      { file: 'web.yaml', path: join(directory, 'web.yaml'), text: containerText('web') },
    ]);
  });
});

test('what could turn out differently in a process of its own is given back, with nothing done', async () => {
  await withHost(async ({ fake, run }) => {
    const lines: [args: string[], options?: HostedOptions][] = [
      [['exec', 'web', '--', 'ls']],
      [['logs', 'web']],
      [['daemon']],
      [['bogus']],
      [[]],
      [['get', '--help']],
      [['get', '-v']],
      [['get', '-wv']],
      [['apply', '-f', 'x.yaml', '--trace', 'file']],
      [['apply', '-f', 'x.yaml', '--trace=file']],
      [['apply', '-f', 'missing.yaml']],
      [['get', '--root', '/other']],
      [['get', '--run', '/other']],
      ...Object.keys(PLACE).map((name): [string[], HostedOptions] => [
        ['get'],
        { place: { [name]: 'another' } },
      ]),
    ];
    for (const [args, options] of lines) {
      const { elsewhere, out, err, code } = await run(args, options);
      const told = `${args.join(' ')} ${JSON.stringify(options ?? {})}`;
      assert.equal([elsewhere, out, err, code], [true, '', '', null], told);
    }
    assert.equal(fake.calls, []);
  });
});

test('Ctrl-C ends the command that it was meant for, and no other', async () => {
  await withHost(async ({ fake, begin }) => {
    fake.hold = (signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    fake.views = [viewContainer(containerRecord('web'), Date.now())];
    const one = begin(['stop', 'web']);
    const other = begin(['stop', 'web']);
    await until(() => fake.calls.filter(({ method }) => method === 'act').length === 2, {
      what: 'both commands are at work',
    });
    one.send(TO_DAEMON.interrupt, '');
    const { code, err } = await one.result;
    assert.is(code, 130);
    assert.match(err, /^interrupted; /);
    assert.is(other.seen.code, null);
    other.send(TO_DAEMON.interrupt, '');
    assert.is((await other.result).code, 130);
  });
});

test('a reader that has gone ends what is for printing only', async () => {
  await withHost(async ({ fake, begin }) => {
    let finish: () => void = () => undefined;
    fake.hold = () => new Promise<void>((resolve) => (finish = resolve));
    fake.views = [viewContainer(containerRecord('web'), Date.now())];
    const stopping = begin(['stop', 'web']);
    const watching = begin(['get', '-w']);
    await until(() => fake.watcherCount === 1 && fake.calls.some(({ method }) => method === 'act'), {
      what: 'both commands are at work',
    });
    for (const client of [stopping, watching]) client.send(TO_DAEMON.readerGone, '');
    assert.is((await watching.result).code, 0);
    assert.is(fake.watcherCount, 0);
    assert.is(stopping.seen.code, null);
    finish();
    assert.is((await stopping.result).code, 0);
  });
});

test('a client that goes away ends its command', async () => {
  await withHost(async ({ fake, begin }) => {
    const watching = begin(['get', '-w']);
    await until(() => fake.watcherCount === 1, { what: 'it watches' });
    watching.socket.destroy();
    await until(() => fake.watcherCount === 0, { what: 'it watches no more' });
  });
});

test('a client that sends nonsense is cut off, and others are served', async () => {
  await withHost(async ({ run, begin, errors }) => {
    const broken = begin(['get', '-w']);
    broken.send('?', 'what');
    assert.is((await broken.result).code, null);
    assert.is(errors.length, 1);
    assert.is((await run(['get', '-o', 'name'])).code, 0);
  });
});

test('a daemon that ends tells watchers at once, and cuts off the rest with words for it', async () => {
  await withHost(async ({ fake, begin, close }) => {
    fake.views = [viewContainer(containerRecord('web'), Date.now())];
    fake.hold = () => new Promise(() => undefined);
    const watching = begin(['get', '-w']);
    const stopping = begin(['stop', 'web', '-o', 'json']);
    await until(() => fake.watcherCount === 1 && fake.calls.some(({ method }) => method === 'act'), {
      what: 'both commands are at work',
    });
    const closed = close(300);
    const { code, err } = await watching.result;
    assert.is(code, 1);
    assert.match(err, /^error: the daemon ended before it had answered\n {2}→ /);
    const cut = await stopping.result;
    assert.is(cut.code, null);
    assert.match(cut.lastWords, /^\{"error":\{"code":"CONNECTION_LOST"/);
    await closed;
  });
});

test('a client that reads slowly gets all of it', async () => {
  await withHost(async ({ fake, begin }) => {
    fake.views = Array.from({ length: 300 }, (_, i) =>
      viewContainer(containerRecord(`web-${i}`), Date.now()),
    );
    const reading = begin(['get', '-o', 'json']);
    reading.socket.pause();
    await until(() => fake.calls.length === 1, { what: 'it lists' });
    reading.socket.resume();
    const { code, out } = await reading.result;
    assert.is(code, 0);
    assert.is((JSON.parse(out) as { items: unknown[] }).items.length, 300);
  });
});

test.run();
