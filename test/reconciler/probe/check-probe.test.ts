import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecResult } from '../../../engine/index.ts';
import { checkProbe } from '../../../reconciler/probe/check-probe.ts';
import { probe } from '../../../schemas/index.ts';
import { containerManifest } from '../../support/fake-process.ts';
import { requestFor } from '../../support/situations.ts';

interface Context {
  server: http.Server;
  port: number;
}

const test = suite<Context>('probes');

test.before.each(async (context) => {
  context.server = http.createServer((request, response) => {
    if (request.url === '/slow') return;
    response.statusCode = Number(request.url?.slice(1));
    response.end(request.headers['x-who']);
  });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
  context.port = (context.server.address() as AddressInfo).port;
});

test.after.each(({ server }) => {
  server.closeAllConnections();
  server.close();
});

function check(
  spec: Record<string, unknown>,
  container: Record<string, unknown> = {},
  result?: Partial<ExecResult>,
) {
  const manifest = containerManifest('web', { hostNetwork: true, ...container });
  const exec = () => Promise.resolve({ exitCode: 0, output: '', timedOut: false, ...result });
  const target = { request: requestFor(manifest), spec: manifest.spec, exec };
  return checkProbe(probe.parse(spec), target, new AbortController().signal);
}

test('[life.health] an HTTP probe succeeds with 200 to 399, and says what was answered otherwise', async ({
  port,
}) => {
  for (const [status, isSuccess] of [
    [200, true],
    [302, true],
    [399, true],
    [404, false],
    [500, false],
  ] as const) {
    const result = await check({ httpGet: { path: `/${String(status)}`, port } });
    assert.equal(result, { isSuccess, message: `answered ${String(status)}` });
  }
});

test('[life.health] a port may be called by its name', async ({ port }) => {
  const ports = [{ name: 'http', containerPort: port }];
  assert.ok((await check({ httpGet: { path: '/200', port: 'http' } }, { ports })).isSuccess);
  const result = await check({ tcpSocket: { port: 'https' } }, { ports });
  assert.equal(result, { isSuccess: false, message: 'spec.ports has none with the name https' });
});

test('[life.health] an HTTP probe without an answer fails in time', async ({ port }) => {
  const result = await check({ httpGet: { path: '/slow', port }, timeoutSeconds: 1 });
  assert.equal(result, { isSuccess: false, message: 'no answer within 1000 ms' });
});

test('[life.health] a TCP probe succeeds with a connection', async ({ port }) => {
  assert.ok((await check({ tcpSocket: { port } })).isSuccess);
  const closed = net.createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const closedPort = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  const result = await check({ tcpSocket: { port: closedPort } });
  assert.not(result.isSuccess);
  assert.match(result.message, /ECONNREFUSED/);
});

test('[life.health] a command succeeds with exit code 0, and its output says why it failed', async () => {
  const exec = { exec: { command: ['check'] } };
  assert.ok((await check(exec)).isSuccess);
  assert.equal(await check(exec, {}, { exitCode: 2, output: 'no such table\n' }), {
    isSuccess: false,
    message: 'exit code 2: no such table',
  });
  assert.match((await check(exec, {}, { timedOut: true })).message, /no end within 1000 ms/);
});

test('what has no network is not asked over the network, and is told to use a command', async ({ port }) => {
  const result = await check({ httpGet: { path: '/200', port } }, { hostNetwork: false });
  assert.not(result.isSuccess);
  assert.match(result.message, /use an exec probe/);
});

test.run();
