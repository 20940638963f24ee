import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, TO_CLIENT, TO_DAEMON } from '../../cli/hosted/frames.ts';
import { hasErrno } from '../../native/index.ts';
import { importDemoImage } from '../support/demo-image.ts';
import { containerText } from '../support/manifest-text.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { INSTANCE_VARIABLE } from '../support/tsctr.ts';
import type { RunningTsctr } from '../support/tsctr.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const LAUNCHER = path.join(REPOSITORY, 'bin/tsctr');
const MAIN = path.join(REPOSITORY, 'dist/main.js');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const test = suite<{ root: TestRoot; daemon: RunningTsctr }>('hosted commands', {} as never);

test.before(async (context) => {
  context.root = await createTestRoot();
  await importDemoImage(context.root);
  context.daemon = context.root.start(['daemon', '--manifests', context.root.manifests]);
  await context.daemon.untilOutput(/"msg":"ready"/, 60_000);
});

test.after(async ({ root, daemon }) => {
  await daemon.end();
  await root.remove();
});

interface RunOptions {
  input?: string;
  env?: Readonly<Record<string, string>>;
  program?: readonly string[];
}

/** Where no `node` is found: a command that ends well there has not used it. */
const WITHOUT_NODE = { PATH: '/nonexistent' };

function begin(root: TestRoot, args: readonly string[], { env = {}, program = [LAUNCHER] }: RunOptions) {
  const [file = '', ...words] = program;
  return spawn(file, [...words, ...args], {
    cwd: root.directory,
    env: {
      ...process.env,
      TSCTR_ROOT: root.root,
      TSCTR_RUN: root.run,
      [INSTANCE_VARIABLE]: root.run,
      ...env,
    },
    stdio: 'pipe',
  });
}

function endOf(child: ChildProcess): Promise<Ended> {
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (ended.out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (ended.err += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ...ended, code });
    });
  });
}

function run(root: TestRoot, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = begin(root, args, options);
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  return endOf(child);
}

/** Pids, times and ids differ each time. */
function steady({ code, out, err }: Ended): Ended {
  const strip = (text: string): string =>
    text
      .replace(/"?[0-9a-f]{64}"?/g, 'ID')
      .replace(/"?\d{4}-\d\d-\d\dT[\d:.]+Z"?/g, 'TIME')
      .replace(/\b[0-9a-f]{12}\b/g, 'ID')
      .replace(/pid \d+ after \d+ ms/g, 'pid P after T ms')
      .replace(/ \d{3,} +(?=ID)/g, ' P ')
      .replace(/^(PID: +)\d+$/m, '$1P')
      .replace(/\bpid("?:) +\d+/g, 'pid$1 P')
      .replace(/PID +(?=ID)/g, 'PID ')
      .replace(/\bpid=\d+/g, 'pid=P')
      .replace(/^( +)\d+s +/gm, '$1AGE ')
      .replace(/\b\d+s\b/g, 'AGE');
  return { code, out: strip(out), err: strip(err) };
}

test('every command prints the same, byte for byte, whether the daemon runs it or Node', async ({ root }) => {
  await root.write('web.yaml', containerText('web'));
  await root.write('bad.yaml', containerText('bad').replace('command', 'comand'));
  await root.write('set/a.yaml', containerText('web'));
  const lines: (readonly string[])[] = [
    ['get'],
    ['apply', '-f', 'web.yaml', '--dry-run'],
    ['diff', '-f', 'web.yaml', '-o', 'json'],
    ['apply', '-f', 'bad.yaml'],
    ['apply', '-f', 'bad.yaml', '-o', 'json'],
    ['validate', '-f', 'web.yaml', '-f', 'bad.yaml'],
    ['apply', '-f', 'web.yaml', '--wait'],
    ['apply', '-f', 'set', '--wait'],
    ['get', '-o', 'wide'],
    ['get', 'web', '-o', 'json'],
    ['get', 'container/web', '-o', 'yaml'],
    ['get', '-l', 'nothing=here'],
    ['describe', 'web'],
    ['pause', 'web'],
    ['resume', 'web', '-o', 'json'],
    ['restart', 'web', '--timeout', '1s'],
    ['stop', 'web', '--timeout', '1s'],
    ['start', 'web'],
    ['kill', 'web', '-s', 'NOPE'],
    ['image', 'list'],
    ['image', 'inspect', 'localhost/demo:1'],
    ['image', 'remove', 'localhost/demo:1'],
    ['volume', 'list'],
    ['checkpoint', 'list'],
    ['checkpoint', 'show', 'web'],
    ['explain', 'container.spec.image'],
    ['__complete', 'resource'],
    ['describe', 'nobody'],
    ['get', 'nobody', '-o', 'json'],
    ['get', '--bogus'],
    ['delete'],
    ['delete', 'web', '--timeout', '20s'],
    ['delete', 'web', '--ignore-not-found'],
    ['delete', 'web'],
  ];
  const printed: Record<string, Ended[]> = { hosted: [], node: [] };
  const ways = { hosted: { env: WITHOUT_NODE }, node: { program: [process.execPath, MAIN] } };
  for (const [way, options] of Object.entries(ways)) {
    for (const args of lines) printed[way]?.push(steady(await run(root, args, options)));
  }
  lines.forEach((args, i) => {
    assert.equal(printed['hosted']?.[i], printed['node']?.[i], `tsctr ${args.join(' ')}`);
  });
  assert.equal(
    printed['hosted']?.map(({ code }) => code),
    [0, 4, 4, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 2, 2, 0, 0, 1],
  );
});

test('what the daemon cannot run is run by Node, and says what Node says', async ({ root }) => {
  await root.write('web.yaml', containerText('web'));
  const text = await readFile(path.join(root.directory, 'web.yaml'), 'utf8');
  const lines: [args: readonly string[], options?: RunOptions][] = [
    [[]],
    [['--help']],
    [['get', '--help']],
    [['bogus']],
    [['version', '-o', 'json']],
    [['validate', '-f', '/dev/stdin'], { input: text }],
    [['validate', '-f', '/proc/self/fd/0'], { input: text }],
    [['validate', '-f', 'missing.yaml']],
    [['logs', 'nobody']],
    [['get', '-o', 'name'], { env: { NODE_OPTIONS: '--no-warnings' } }],
    [['get', '--root', '/nowhere']],
    [['get', '--run=/nowhere/run', '--root=/nowhere']],
  ];
  for (const [args, options = {}] of lines) {
    const launched = await run(root, args, options);
    const bare = await run(root, args, { ...options, program: [process.execPath, MAIN] });
    assert.equal(steady(launched), steady(bare), `tsctr ${args.join(' ')}`);
    const withoutNode = await run(root, args, { ...options, env: { ...options.env, ...WITHOUT_NODE } });
    assert.is(withoutNode.code, 127, `tsctr ${args.join(' ')}: Node is needed`);
  }
});

test('standard input reaches a hosted command, and only one that wants it', async ({ root }) => {
  const large = `${containerText('web')}${'# filler\n'.repeat(200_000)}`;
  const valid = await run(root, ['validate', '-f', '-'], { env: WITHOUT_NODE, input: large });
  assert.equal([valid.code, valid.err], [0, '1 manifest is valid\n']);
  const ignored = await run(root, ['get', '-o', 'name'], { env: WITHOUT_NODE, input: large });
  assert.is(ignored.code, 0);
});

test('Ctrl-C, and a reader that has gone, end a command as they end Node', async ({ root }) => {
  const watch = begin(root, ['get', '-w'], { env: WITHOUT_NODE });
  const ended = endOf(watch);
  await new Promise((resolve) => watch.stdout.once('data', resolve));
  watch.kill('SIGINT');
  assert.is((await ended).code, 130);
  const cut = begin(root, ['explain', 'container.spec'], { env: WITHOUT_NODE });
  cut.stdout.destroy();
  assert.is((await endOf(cut)).code, 0);
});

test('a command that changes something goes on to its end when nobody reads what it prints', async ({
  root,
}) => {
  await root.write('two.yaml', containerText('one') + containerText('two'));
  const cut = async (args: readonly string[]): Promise<number | null> => {
    const child = begin(root, args, { env: WITHOUT_NODE });
    child.stdout.once('data', () => child.stdout.destroy());
    return (await endOf(child)).code;
  };
  assert.is(await cut(['apply', '-f', 'two.yaml', '--wait']), 0);
  const { out } = await run(root, ['get', '-o', 'json'], { env: WITHOUT_NODE });
  const { items } = JSON.parse(out) as { items: { status: { state: string } }[] };
  assert.equal(
    items.map(({ status }) => status.state),
    ['Running', 'Running'],
  );
  const watching = cut(['get', '-w']);
  assert.is(await cut(['delete', '-f', 'two.yaml']), 0);
  assert.is(await watching, 0);
  assert.equal((await run(root, ['get', '-o', 'name'])).out, '');
});

test('output that cannot be written, and input that cannot be read, are failures, told alike by the daemon and Node', async ({
  root,
}) => {
  // Nothing is mapped at address 0: EIO, as a disk has it that fails.
  const unreadable = await open(`/proc/${process.pid}/mem`);
  const full = await open('/dev/full', 'w');
  const told = async (program: readonly string[], args: readonly string[]): Promise<string> => {
    const [file = '', ...words] = program;
    const stdio = [unreadable.fd, full.fd, 'pipe'] as const;
    const env = { ...process.env, TSCTR_ROOT: root.root, TSCTR_RUN: root.run, [INSTANCE_VARIABLE]: root.run };
    const { code, err } = await endOf(spawn(file, [...words, ...args], { env, stdio: [...stdio] }));
    return `${String(code)} ${err}`;
  };
  for (const program of [[LAUNCHER], [process.execPath, MAIN]]) {
    assert.is(await told(program, ['get', '-o', 'json']), '1 error: write standard output: ENOSPC\n');
    assert.is(await told(program, ['apply', '-f', '-']), '1 error: read standard input: EIO\n');
  }
  await unreadable.close();
  await full.close();
});

test('it is found through links, and by node', async ({ root }) => {
  const link = path.join(root.directory, 'linked');
  await symlink(LAUNCHER, link);
  await symlink('linked', `${link}-twice`);
  for (const program of [[link], [`${link}-twice`], [process.execPath, LAUNCHER]]) {
    const { code, err } = await run(root, ['get'], { program });
    assert.equal(
      [code, err],
      [0, 'nothing is here; make something with: tsctr apply -f <file>\n'],
      program[0],
    );
  }
});

test('without what is compiled, and without a bundle, it says what is missing', async ({ root }) => {
  const program = path.join(root.directory, 'half/bin/tsctr');
  await mkdir(path.dirname(program), { recursive: true });
  await copyFile(LAUNCHER, program);
  await writeFile(path.join(root.directory, 'half/package.json'), '{"type":"module"}');
  const bare = await run(root, ['get'], { program: [program] });
  assert.is(bare.code, 1);
  assert.match(bare.err, /^tsctr: .*half\/dist\/main\.js is missing: run `npm run build` first\n$/);
  const client = path.join(root.directory, 'half/build/Release/tsctr-client');
  await mkdir(path.dirname(client), { recursive: true });
  await copyFile(path.join(REPOSITORY, 'build/Release/tsctr-client'), client);
  assert.equal(await run(root, ['get'], { program: [program] }), bare);
});

/** `tsctr get` with a daemon that takes its command, and then behaves like that. */
async function runBeside(
  root: TestRoot,
  name: string,
  behave: (socket: Duplex, child: ChildProcess) => void,
): Promise<Ended> {
  const place = path.join(root.directory, name);
  await mkdir(place);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path.join(place, 'tsctr.sock'), resolve));
  const child = begin(root, ['get'], { env: { ...WITHOUT_NODE, TSCTR_RUN: place } });
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tsctr-command\r\n\r\n');
    socket.once('data', () => {
      behave(socket, child);
    });
  });
  try {
    return await endOf(child);
  } finally {
    server.close();
  }
}

test('a daemon that ends before it has begun is told as such', async ({ root }) => {
  const { code, err } = await runBeside(root, 'mute', (socket) => socket.end());
  assert.equal([code, err], [1, 'error: the daemon ended before it had answered\n']);
});

test('a daemon that takes nothing more is told as such, and not waited for', async ({ root }) => {
  const place = path.join(root.directory, 'full');
  await mkdir(place);
  const socket = path.join(place, 'tsctr.sock');
  const listen = `require('node:net').createServer().listen({ path: '${socket}', backlog: 0 }, () => console.log())`;
  const stuck = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(stuck.stdout, 'data');
  stuck.kill('SIGSTOP');
  const waiting: Socket[] = [];
  for (let error: unknown = null; !hasErrno(error, 'EAGAIN');) {
    const next = connect(socket);
    waiting.push(next);
    error = await once(next, 'connect').then(
      () => null,
      (reason: unknown) => reason,
    );
  }
  const { code, err } = await run(root, ['get'], { env: { TSCTR_RUN: place } });
  for (const client of waiting) client.destroy();
  stuck.kill('SIGKILL');
  assert.is(code, 1);
  assert.match(
    err,
    /^error: the daemon at .*\/full\/tsctr\.sock takes no more connections: its backlog is full\n/,
  );
});

test('a command that is interrupted and then given back is not begun', async ({ root }) => {
  const { code, err } = await runBeside(root, 'late', (socket, child) => {
    let told = '';
    socket.on('data', (bytes: Buffer) => {
      told += bytes.toString('latin1');
      const isInterrupted = told.endsWith(encodeFrame(TO_DAEMON.interrupt, '').toString('latin1'));
      if (isInterrupted) socket.end(encodeFrame(TO_CLIENT.elsewhere, ''));
    });
    child.kill('SIGINT');
  });
  assert.equal([code, err], [130, '']);
});

test('a daemon that is killed in the middle is told as such', async ({ root, daemon }) => {
  const watch = begin(root, ['get', '-w'], { env: WITHOUT_NODE });
  const ended = endOf(watch);
  await new Promise((resolve) => watch.stdout.once('data', resolve));
  await daemon.end('SIGKILL');
  const { code, err } = await ended;
  assert.is(code, 1);
  assert.match(err, /^error: the daemon ended before it had answered\n {2}→ /);
});

test.run();
