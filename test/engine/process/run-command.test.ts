import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRunCommand } from '../../../engine/process/run-command.ts';
import { readStartTicks } from '../../../engine/process/process-identity.ts';
import { createFakeKernel, createLinuxKernel } from '../../../native/index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { until } from '../../support/until.ts';

const kernel = createLinuxKernel();
const run = createRunCommand(kernel);
const shell = (script: string) => ({ file: '/bin/sh', args: ['-c', script] });
const openDescriptors = () => readdirSync('/proc/self/fd').length;

test('gives exit code, stdout and stderr apart', async () => {
  const result = await run(shell('echo out; echo err >&2; exit 3'));
  assert.is(result.exitCode, 3);
  assert.is(result.signal, null);
  assert.is(result.stdout.toString(), 'out\n');
  assert.is(result.stderr, 'err\n');
});

test('gives the signal that ended it', async () => {
  const result = await run(shell('kill -TERM $$'));
  assert.is(result.exitCode, null);
  assert.is(result.signal, 15);
});

test('hands arguments on as they are, without a shell', async () => {
  const odd = ['$HOME', '`id`', 'a b', '', '*', '"'];
  const result = await run({ file: '/usr/bin/printf', args: ['%s|', ...odd] });
  assert.is(result.stdout.toString(), odd.map((arg) => `${arg}|`).join(''));
});

test('gives the environment that was asked for and nothing of ours', async () => {
  process.env['TSCTR_TEST_SECRET'] = 'x';
  try {
    const own = await run({ file: '/usr/bin/env', args: [] });
    assert.equal(own.stdout.toString().replace(/=.*/g, '').split('\n').filter(Boolean).sort(), [
      'HOME',
      'PATH',
    ]);
    const asked = await run({ file: '/usr/bin/env', args: [], env: { A: '1' } });
    assert.is(asked.stdout.toString(), 'A=1\n');
  } finally {
    delete process.env['TSCTR_TEST_SECRET'];
  }
});

test('feeds input, also more than a pipe holds', async () => {
  const input = 'x'.repeat(300_000);
  const result = await run({ file: '/usr/bin/wc', args: ['-c'], input });
  assert.is(result.stdout.toString().trim(), '300000');
});

test('a program that does not read its input is no error', async () => {
  const result = await run({ ...shell('exit 0'), input: 'x'.repeat(300_000) });
  assert.is(result.exitCode, 0);
});

test('keeps as much output as allowed and reads on, so that the program does not hang', async () => {
  const result = await run({ ...shell('yes | head -c 1000000; echo end >&2'), maxOutputBytes: 1000 });
  assert.is(result.stdout.length, 1000);
  assert.is(result.exitCode, 0);
  assert.is(result.stderr, 'end\n');
});

test('a time-out kills the whole group', async () => {
  let pid = 0;
  const error = await rejectionOf(
    run({
      ...shell('sleep 100 & echo $!; wait'),
      timeoutMs: 200,
      onStdout: (chunk) => {
        pid = Number(chunk.toString());
      },
    }),
  );
  assert.is(error.code, 'TIMED_OUT');
  assert.match(error.message, /run \/bin\/sh: no end after 200 ms/);
  assert.ok(pid > 0);
  await until(async () => (await readStartTicks(pid)) === null, { what: 'the grandchild is gone' });
});

test('an abort kills the whole group', async () => {
  const controller = new AbortController();
  const running = run({ ...shell('sleep 100'), signal: controller.signal });
  setTimeout(() => {
    controller.abort(new Error('enough'));
  }, 50);
  const started = performance.now();
  const error = await rejectionOf(running);
  assert.is(error.code, 'ABORTED');
  assert.is((error.cause as Error).message, 'enough');
  assert.ok(performance.now() - started < 5000);
});

test('one that is aborted beforehand is not started', async () => {
  const kernel = createFakeKernel();
  const error = await rejectionOf(
    createRunCommand(kernel)({ ...shell('exit 0'), signal: AbortSignal.abort() }),
  );
  assert.is(error.code, 'ABORTED');
  assert.equal(kernel.calls, []);
});

test('a grandchild that keeps the output open is not waited for', async () => {
  const started = performance.now();
  const result = await run({ ...shell('sleep 100 & echo $!'), timeoutMs: 20_000 });
  assert.is(result.exitCode, 0);
  assert.ok(performance.now() - started < 5000);
  process.kill(Number(result.stdout.toString()), 'SIGKILL');
});

test('what was written is read, also where this process had no turn for longer than a grandchild is waited for', async () => {
  const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  let reaped = Promise.resolve<unknown>(null);
  const starved = createRunCommand({
    ...kernel,
    waitChild(pidfd) {
      // It has ended, and nothing of its output has been read.
      pause(300);
      reaped = kernel.waitChild(pidfd);
      // When its end is known, and how long it lingers begins to count.
      void Promise.resolve().then(() => {
        queueMicrotask(() => {
          queueMicrotask(() => {
            pause(400);
          });
        });
      });
      return Promise.resolve({ code: 0, signal: null });
    },
  });
  // Timers come next after this.
  await new Promise((resolve) => setImmediate(resolve));
  const { stdout } = await starved(shell('echo written'));
  await reaped;
  assert.is(stdout.toString(), 'written\n');
});

test('a program that is not there is an error that names it, and leaves no descriptor open', async () => {
  await run(shell('exit 0'));
  const before = openDescriptors();
  const error = await rejectionOf(run({ file: '/no/such/program', args: [], input: 'x' }));
  assert.is(error.code, 'ENOENT');
  assert.match(error.message, /\/no\/such\/program/);
  assert.is(openDescriptors(), before);
});

test('leaves no descriptor open', async () => {
  await run({ ...shell('cat'), input: 'x' });
  await sleep(20);
  const before = openDescriptors();
  for (let turn = 0; turn < 10; turn++) await run({ ...shell('cat; echo e >&2'), input: 'x' });
  await until(() => openDescriptors() <= before, { what: 'every descriptor is closed', timeoutMs: 2000 });
});

test.run();
