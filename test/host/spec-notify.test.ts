import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

/** Node has no datagram sockets of AF_UNIX: python listens, and writes down what comes. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    with open(sys.argv[2], 'ab', 0) as f: f.write(s.recv(4096) + b'\\n')
`;

const SPEAKER = `
import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b'READY=1', 'notify.sock')
`;

const PYTHON = '/usr/bin/python3';
const testWithPython = testUnless(test, existsSync(PYTHON) ? null : `this host has no ${PYTHON}`);

async function withManager(
  engine: TestEngine,
  body: (received: () => string) => Promise<void>,
): Promise<void> {
  const socket = path.join(engine.directory, 'n.sock');
  const file = path.join(engine.directory, 'received');
  const listener = spawn(PYTHON, ['-c', LISTENER, socket, file], { stdio: 'inherit' });
  const before = process.env['NOTIFY_SOCKET'];
  try {
    await until(() => existsSync(socket), { what: 'somebody listens' });
    process.env['NOTIFY_SOCKET'] = socket;
    await body(() => (existsSync(file) ? readFileSync(file, 'utf8') : ''));
  } finally {
    if (before === undefined) delete process.env['NOTIFY_SOCKET'];
    else process.env['NOTIFY_SOCKET'] = before;
    listener.kill('SIGKILL');
    await new Promise((resolve) => listener.once('close', resolve));
  }
}

testWithPython(
  '[spec.sdnotify] monitor: the service manager hears that it is up, and of its monitor',
  async () => {
    await withEngine(async (engine) => {
      await withManager(engine, async (received) => {
        const request = engine.request('echo "socket=$NOTIFY_SOCKET"; sleep 1000', { sdNotify: 'monitor' });
        await engine.containers.create(request);
        assert.is(received(), '');
        await engine.containers.start(request);
        await until(() => received().includes('READY=1'), { what: 'READY' });
        const monitor = readFileSync(engine.parts.paths.container(request.id).monitorPidFile, 'utf8').trim();
        assert.match(received(), new RegExp(`^MAINPID=${monitor}$`, 'm'));
        await engine.containers.remove(request);
      });
    });
  },
);

testWithPython(
  '[spec.sdnotify] container: there is a socket inside, and what it is told is passed on',
  async () => {
    await withEngine(async (engine) => {
      await withManager(engine, async (received) => {
        const request = engine.request('test -S "$NOTIFY_SOCKET" && echo there; sleep 1000', {
          sdNotify: 'container',
        });
        await engine.containers.create(request);
        await engine.containers.start(request);
        const { current } = engine.containers.logPaths(request);
        await until(() => readFileSync(current, 'utf8').includes('there'), { what: 'the socket is there' });
        assert.not.match(received(), /READY/);
        // The image has no program that could; the socket is the same file.
        const inside = path.join(engine.parts.paths.container(request.id).bundle, 'notify/notify.sock');
        execFileSync(PYTHON, ['-c', SPEAKER, inside]);
        await until(() => received().includes('READY=1'), { what: 'READY is passed on' });
        await engine.containers.remove(request);
      });
    });
  },
);

testWithPython(
  '[spec.sdnotify] healthy: it hears of the monitor at the start, and that the container is up when it is told so',
  async () => {
    await withEngine(async (engine) => {
      await withManager(engine, async (received) => {
        const request = engine.request('sleep 1000', { sdNotify: 'healthy' });
        await engine.containers.create(request);
        await engine.containers.start(request);
        await until(() => received().includes('MAINPID='), { what: 'the main process' });
        assert.not.match(received(), /READY/);
        await engine.containers.notifyHealthy(request);
        await until(() => received().includes('READY=1'), { what: 'READY' });
        await engine.containers.remove(request);
        await engine.containers.notifyHealthy(engine.request('true', { sdNotify: 'monitor' }));
        assert.is(received().match(/READY/g)?.length, 1, 'others are told of by their start alone');
      });
    });
  },
);

testWithPython('[spec.sdnotify] ignore, the default: nobody is told', async () => {
  await withEngine(async (engine) => {
    await withManager(engine, async (received) => {
      const request = engine.request('test -z "$NOTIFY_SOCKET"');
      await engine.containers.create(request);
      await engine.containers.start(request);
      assert.is((await engine.containers.waitExit(request)).code, 0);
      assert.is(received(), '');
    });
  });
});

test.run();
