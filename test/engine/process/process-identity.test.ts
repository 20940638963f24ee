import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive, readStartTicks } from '../../../engine/process/process-identity.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { until } from '../../support/until.ts';

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

test('a process is itself', async () => {
  const startTicks = await readStartTicks(process.pid);
  assert.type(startTicks, 'number');
  assert.ok(await isAlive({ pid: process.pid, startTicks: startTicks ?? 0, bootId }, bootId));
});

test('the same pid with another start time, or of another boot, is somebody else', async () => {
  const startTicks = (await readStartTicks(process.pid)) ?? 0;
  assert.not(await isAlive({ pid: process.pid, startTicks: startTicks - 1, bootId }, bootId));
  assert.not(await isAlive({ pid: process.pid, startTicks, bootId: 'another' }, bootId));
});

test('no process has no start time', async () => {
  // Beyond pid_max, which is at most 2^22.
  assert.is(await readStartTicks(5_000_000), null);
});

test('a command name with blanks and parentheses does not shift the fields', async () => {
  await withDirectory(async (directory) => {
    const program = path.join(directory, 'a) S (b 1');
    copyFileSync('/bin/sleep', program);
    const plain = spawn('/bin/sleep', ['100']);
    const odd = spawn(program, ['100']);
    await Promise.all([once(plain, 'spawn'), once(odd, 'spawn')]);
    try {
      const [expected, found] = [await readStartTicks(plain.pid ?? 0), await readStartTicks(odd.pid ?? 0)];
      // Both were started within a second of each other; a tick is 10 ms.
      assert.ok(Math.abs((expected ?? 0) - (found ?? 1e9)) < 100, `${String(expected)} and ${String(found)}`);
    } finally {
      plain.kill('SIGKILL');
      odd.kill('SIGKILL');
      await Promise.all([once(plain, 'exit'), once(odd, 'exit')]);
    }
  });
});

test('a zombie counts as gone', async () => {
  // The shell becomes sleep, which never waits for the child that it inherits.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await until(() => /^\d+ \(sleep\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')), {
      what: 'it is a zombie',
    });
    assert.is(await readStartTicks(pid), null);
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});

test.run();
