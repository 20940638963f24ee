import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectDaemon } from '../../../cli/api/client.ts';
import { serve } from '../../../cli/api/server.ts';
import { socketPathOf } from '../../../cli/arguments/service-options.ts';
import type { DaemonLog, DaemonOptions } from '../../../cli/daemon/daemon-handle.ts';
import { runDaemon } from '../../../cli/daemon/run-daemon.ts';
import { connectServiceManager } from '../../../cli/daemon/service-manager.ts';
import type { DatagramKernel } from '../../../cli/daemon/service-manager.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { FakeService } from '../support/fake-service.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const quiet: DaemonLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const NO_COMMANDS = { prepare: () => Promise.resolve(), serve: () => undefined };

/** A kernel that remembers the datagrams. */
function recorder(): { sent: string[]; kernel: () => Promise<DatagramKernel> } {
  const sent: string[] = [];
  return {
    sent,
    kernel: () =>
      Promise.resolve({
        connectUnix: () => 7,
        sendmsg: (_fd, data) => sent.push(Buffer.from(data).toString()),
        close: () => undefined,
      }),
  };
}

function optionsBelow(directory: string): DaemonOptions {
  return {
    root: join(directory, 'root'),
    run: join(directory, 'run'),
    config: '',
    manifests: '',
    log: quiet,
  };
}

test('the daemon is ready when its socket answers, feeds the watchdog, and stops in order', async () => {
  const { sent, kernel } = recorder();
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '20000', WATCHDOG_PID: String(process.pid) };
  const manager = await connectServiceManager(env, kernel, quiet);
  const options = optionsBelow(temporaryDirectory());
  const stop = new AbortController();
  let isHealthy = true;
  let isClosed = false;
  const running = runDaemon({
    options,
    version: '1.2.3',
    log: quiet,
    manager,
    serve,
    hostCommands: () => NO_COMMANDS,
    signal: stop.signal,
    openDaemon: () =>
      Promise.resolve({
        service: new FakeService(),
        healthy: () => isHealthy,
        status: () => '2 containers, 2 as wished',
        close: () => {
          isClosed = true;
          return Promise.resolve();
        },
      }),
  });
  while (sent.length < 2) await new Promise((r) => setTimeout(r, 2));
  assert.is(sent[0], 'READY=1\nSTATUS=2 containers, 2 as wished');
  assert.is(sent[1], 'WATCHDOG=1\nSTATUS=2 containers, 2 as wished');
  const service = await connectDaemon(socketPathOf(options.run), options.root);
  assert.equal(await service?.list(), []);
  await service?.close();

  isHealthy = false;
  await new Promise((r) => setTimeout(r, 15));
  const fed = sent.length;
  await new Promise((r) => setTimeout(r, 40));
  assert.is(sent.length, fed, 'a stuck daemon must not feed the watchdog');

  stop.abort();
  await running;
  assert.is(sent.at(-1), 'STOPPING=1');
  assert.ok(isClosed);
  assert.is(await connectDaemon(socketPathOf(options.run), options.root), null);
});

test('a daemon whose socket cannot be made lets go of everything', async () => {
  let isClosed = false;
  const run = runDaemon({
    options: optionsBelow(temporaryDirectory()),
    version: '',
    log: quiet,
    manager: { notify: () => undefined, watchdogMs: null },
    serve: () => Promise.reject(new Error('listen: refused')),
    hostCommands: () => NO_COMMANDS,
    signal: new AbortController().signal,
    openDaemon: () =>
      Promise.resolve({
        service: new FakeService(),
        healthy: () => true,
        status: () => '',
        close: () => {
          isClosed = true;
          return Promise.resolve();
        },
      }),
  });
  const error = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.match(String(error), 'listen: refused');
  assert.ok(isClosed);
});

test('without NOTIFY_SOCKET nobody is told, and the addon is not loaded', async () => {
  const load = (): Promise<never> => Promise.reject(new Error('must not be loaded'));
  const manager = await connectServiceManager({ WATCHDOG_USEC: '20000' }, load, quiet);
  manager.notify('READY=1');
  assert.is(manager.watchdogMs, null);
});

test('a watchdog that is meant for another process is not fed', async () => {
  const { kernel } = recorder();
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' };
  assert.is((await connectServiceManager(env, kernel, quiet)).watchdogMs, null);
});

test('a manager that does not listen is told about in the log, and nothing else', async () => {
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  const socket = join(temporaryDirectory(), 'notify');
  const kernel = () => Promise.resolve(createLinuxKernel());
  const manager = await connectServiceManager({ NOTIFY_SOCKET: socket }, kernel, log);
  manager.notify('READY=1');
  assert.equal(warnings, ['notify: the service manager could not be told']);
});

test.run();
