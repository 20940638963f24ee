import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkContainer } from '../../../../engine/checkpoint/preflight/check-container.ts';
import type { PreflightOptions } from '../../../../engine/checkpoint/preflight/obstacle.ts';
import { listUnixPeersBy } from '../../../../engine/checkpoint/preflight/unix-peers.ts';
import { readMountInfo } from '../../../../engine/checkpoint/mount-info.ts';
import { createRunCommand } from '../../../../engine/process/run-command.ts';
import { createLinuxKernel } from '../../../../native/index.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';
import { until } from '../../../support/until.ts';

const listUnixPeers = listUnixPeersBy(createRunCommand(createLinuxKernel()));

/** Every mount counts as one from the host: here all of them are. */
async function options(): Promise<PreflightOptions> {
  const externalMounts = new Set((await readMountInfo('self')).map(({ mountPoint }) => mountPoint));
  return { allowances: { ghostLimitBytes: 1 << 20 }, externalMounts, criu: [4, 2], kernel: '6.12.9' };
}

/** Runs `script` in a Node of its own, and looks at it when the file READY is there. Pipes of Node's would be sockets. */
async function check(directory: string, script: string, environment: Record<string, string> = {}) {
  const ready = path.join(directory, 'ready');
  const child = spawn(process.execPath, ['--eval', script], {
    env: { ...process.env, ...environment, READY: ready, UV_USE_IO_URING: '0' },
    stdio: 'ignore',
  });
  try {
    await until(() => existsSync(ready), { what: 'the process is ready' });
    const report = await checkContainer('test', child.pid ?? 0, { listUnixPeers, options: await options() });
    // Other tests mount and unmount meanwhile.
    return { ...report, obstacles: report.obstacles.filter(({ kind }) => kind !== 'mount') };
  } finally {
    rmSync(ready, { force: true });
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

const SAY_READY = "require('fs').writeFileSync(process.env.READY, '')";

test('obstacles of a real process are found, and no others', () =>
  withDirectory(async (directory) => {
    const socket = path.join(directory, 'outside.sock');
    const outside = net.createServer().listen(socket);
    const tcp = net.createServer().listen(0, '127.0.0.1');
    try {
      await Promise.all([once(outside, 'listening'), once(tcp, 'listening')]);
      const address = tcp.address();
      const port = typeof address === 'object' && address !== null ? String(address.port) : '';
      const quiet = await check(directory, `${SAY_READY}; setInterval(() => {}, 1000)`);
      assert.equal(quiet.obstacles, []);
      const script = `
        const fs = require('fs'), net = require('net'), path = require('path');
        const file = path.join(process.env.DIRECTORY, 'ghost');
        const fd = fs.openSync(file, 'w');
        fs.writeSync(fd, Buffer.alloc(2 << 20, 1));
        fs.unlinkSync(file);
        const unix = net.connect(process.env.SOCKET, () => {
          net.connect(Number(process.env.PORT), '127.0.0.1', () => ${SAY_READY});
        });`;
      const busy = await check(directory, script, { DIRECTORY: directory, SOCKET: socket, PORT: port });
      const found = busy.obstacles.map(({ kind }) => kind).sort();
      // Without ss(8) nobody knows where a unix socket leads.
      const unix = busy.unchecked.length === 0 ? ['unix socket'] : [];
      assert.equal(found, ['deleted file', 'tcp', ...unix]);
      assert.not(busy.canCheckpoint);
      assert.ok(busy.obstacles.every(({ command }) => command === 'node'));
    } finally {
      outside.close();
      tcp.close();
    }
  }));

test('a process that has ended is an error that says so', async () => {
  const none = { listUnixPeers, options: await options() };
  assert.is((await rejectionOf(checkContainer('web', 2 ** 22 + 1, none))).code, 'BAD_REQUEST');
});

test.run();
