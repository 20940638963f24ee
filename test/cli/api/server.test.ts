import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectDaemon, RemoteService } from '../../../cli/api/client.ts';
import { API_NUMBER, LARGEST_BODY_BYTES } from '../../../cli/api/routes.ts';
import { serve } from '../../../cli/api/server.ts';
import type { RunningServer } from '../../../cli/api/server.ts';
import { CliError } from '../../../cli/command-line/cli-error.ts';
import { FakeService } from '../support/fake-service.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function start(socketPath: string, service = new FakeService()): Promise<RunningServer> {
  return serve({ service, socketPath, version: '1.2.3', root: '/r' });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    return error.code;
  }
  throw new Error('expected an error, but it succeeded');
}

/** Leaves a socket behind that nobody listens to, as a killed daemon does. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, path]);
  assert.ok(statSync(path).isSocket());
}

test('only the owner can open the socket, whatever the umask', async () => {
  const path = join(temporaryDirectory(), 'run', 'tsctr.sock');
  const umask = process.umask(0);
  const server = await start(path);
  process.umask(umask);
  assert.is(statSync(path).mode & 0o777, 0o600);
  await server.close(100);
  assert.throws(() => statSync(path), /ENOENT/);
});

test('a socket that a killed daemon left is replaced', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  await leaveStaleSocket(path);
  assert.is(await connectDaemon(path, '/r'), null);
  const server = await start(path);
  const service = await connectDaemon(path, '/r');
  assert.is((await service?.about())?.version, '1.2.3');
  await service?.close();
  await server.close(100);
});

test('no request is written into a connection that the daemon may be closing', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  let connections = 0;
  const server = createHttpServer((_, response) => response.end('{"result":[]}'));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const service = new RemoteService(path);
  await service.list();
  await service.list();
  assert.is(connections, 2);
  await service.close();
  server.close();
});

test('a daemon that hangs up is an error, and not a reader of our output that has gone', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const service = new RemoteService(path);
  assert.is(await codeOf(service.list()), 'CONNECTION_LOST');
  await service.close();
  server.close();
});

test('a living daemon is not pushed aside', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const server = await start(path);
  assert.is(await codeOf(start(path)), 'DAEMON_RUNNING');
  const service = await connectDaemon(path, '/r');
  assert.equal(await service?.list(), []);
  await service?.close();
  await server.close(100);
});

test('a file in the place of the socket is left alone', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  writeFileSync(path, 'precious');
  assert.is(await codeOf(start(path)), 'DAEMON_UNREACHABLE');
  assert.is(statSync(path).size, 8);
});

test('no daemon is not an error', async () => {
  const directory = temporaryDirectory();
  assert.is(await connectDaemon(join(directory, 'tsctr.sock'), '/r'), null);
  assert.is(await connectDaemon(join(directory, 'absent', 'tsctr.sock'), '/r'), null);
});

test('a daemon of another root is refused', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const server = await start(path);
  assert.is(await codeOf(connectDaemon(path, '/other')), 'DAEMON_MISMATCH');
  await server.close(100);
});

test('a path longer than sun_path works for both ends', async () => {
  const directory = join(temporaryDirectory(), 'a'.repeat(100), 'b'.repeat(100));
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'tsctr.sock');
  const server = await start(path);
  assert.ok(statSync(path).isSocket());
  const service = await connectDaemon(path, '/r');
  assert.equal(await service?.list(), []);
  await service?.close();
  assert.is(await codeOf(start(path)), 'DAEMON_RUNNING');
  await server.close(100);
});

/** A daemon that accepts and says nothing for `silentMs`; the lock of its root names `pid`. */
async function silentDaemon(
  pid: number,
  silentMs: number,
): Promise<{ path: string; root: string; close: () => void }> {
  const root = temporaryDirectory();
  const path = join(root, 'tsctr.sock');
  writeFileSync(join(root, 'lock'), `${pid}\n`);
  const body = JSON.stringify({ name: 'tsctr', version: '1', api: API_NUMBER, pid, root });
  const silent = createServer((socket) => {
    socket.on('error', () => undefined);
    setTimeout(
      () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
      silentMs,
    ).unref();
  });
  await new Promise<void>((resolve) => {
    silent.listen(path, resolve);
  });
  return { path, root, close: () => silent.close() };
}

const SOON = { lookEveryMs: 20, stillForMs: 400 };

test('a daemon that works is waited for, however long it takes', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (;;);']);
  const { path, root, close } = await silentDaemon(busy.pid ?? -1, 1500);
  const service = await connectDaemon(path, root, SOON);
  assert.ok(service !== null);
  await service.close();
  busy.kill('SIGKILL');
  close();
});

test('a daemon that is stopped, stuck or of nobody is given up', async () => {
  const idle = spawn('sleep', ['60']);
  const stopped = spawn(process.execPath, ['-e', 'for (;;);']);
  stopped.kill('SIGSTOP');
  for (const pid of [idle.pid ?? -1, stopped.pid ?? -1, -1]) {
    const { path, root, close } = await silentDaemon(pid, 60_000);
    assert.is(await codeOf(connectDaemon(path, root, SOON)), 'DAEMON_UNREACHABLE');
    close();
  }
  idle.kill('SIGKILL');
  stopped.kill('SIGKILL');
});

test('a daemon that dies in the middle is reported as such', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const half = createServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    setTimeout(() => {
      socket.destroy();
    }, 20);
  });
  await new Promise<void>((resolve) => {
    half.listen(path, resolve);
  });
  const service = new RemoteService(path);
  const apply = { files: [], prune: false, waitMs: null };
  assert.is(await codeOf(service.apply(apply, () => undefined)), 'CONNECTION_LOST');
  assert.is(await codeOf(service.list()), 'CONNECTION_LOST');
  assert.is(await codeOf(service.watch(() => undefined, new AbortController().signal)), 'CONNECTION_LOST');
  await service.close();
  half.close();
});

test('closing ends watches at once, and lets other work finish', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const fake = new FakeService();
  const server = await start(path, fake);
  const service = new RemoteService(path);
  let release = (): void => undefined;
  fake.hold = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const watching = codeOf(service.watch(() => undefined, new AbortController().signal));
  const applying = service.apply({ files: [], prune: false, waitMs: null }, () => undefined);
  while (fake.watcherCount === 0 || fake.calls.length < 2) await new Promise((r) => setTimeout(r, 2));
  const closing = server.close(5000);
  assert.is(await watching, 'CONNECTION_LOST');
  release();
  assert.equal(await applying, fake.summary);
  await service.close();
  await closing;
});

test('closing cuts off what does not end in its time', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const fake = new FakeService();
  const server = await start(path, fake);
  const service = new RemoteService(path);
  fake.hold = (signal) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  const applying = codeOf(service.apply({ files: [], prune: false, waitMs: null }, () => undefined));
  while (fake.calls.length === 0) await new Promise((r) => setTimeout(r, 2));
  await server.close(30);
  assert.is(await applying, 'CONNECTION_LOST');
  await service.close();
});

interface Answer {
  status: number;
  body: { error?: { message: string; fields: { code: string } } };
}

function post(socketPath: string, path: string, body: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

test('requests that are not as they should be are refused with the field', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const fake = new FakeService();
  const server = await start(path, fake);
  const refused = async (route: string, body: string, expected: string): Promise<void> => {
    const { status, body: answer } = await post(path, route, body);
    assert.is(status, 400, body);
    assert.is(answer.error?.fields.code, 'BAD_REQUEST');
    assert.is(answer.error?.message, expected);
  };
  await refused('/v1/apply', '{', 'request: the body is not JSON');
  await refused('/v1/apply', '[]', 'request: body: expected an object, found a list');
  await refused(
    '/v1/apply',
    '{"files":[{"file":"a","path":1}]}',
    'request: files[0].path: expected a string, found number',
  );
  await refused(
    '/v1/delete',
    '{"names":[{"kind":"Node","name":"x"}]}',
    'request: names[0].kind: expected one of Container, Pod, found string',
  );
  await refused(
    '/v1/act',
    '{"verb":"explode","names":[]}',
    'request: verb: expected one of start, stop, restart, kill, pause, resume, found string',
  );
  assert.is((await post(path, '/v1/nonsense', '{}')).status, 404);
  assert.equal(fake.calls, []);
  await server.close(100);
});

test('a body that is too large is refused', async () => {
  const path = join(temporaryDirectory(), 'tsctr.sock');
  const fake = new FakeService();
  const server = await start(path, fake);
  const { status, body } = await post(path, '/v1/apply', Buffer.alloc(LARGEST_BODY_BYTES + 1, 32));
  assert.is(status, 413);
  assert.is(body.error?.fields.code, 'BAD_REQUEST');
  assert.equal(fake.calls, []);
  await server.close(100);
});

test.run();
