import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lockRoot } from '../../../engine/store/root-lock.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const kernel = createLinuxKernel();

test('one holds it, another is told who', async () => {
  await withDirectory(async (directory) => {
    const root = path.join(directory, 'root');
    const lock = await lockRoot(kernel, root);
    const descriptors = readdirSync('/proc/self/fd').length;
    const error = await rejectionOf(lockRoot(kernel, root));
    assert.is(error.code, 'LOCKED');
    assert.is(error.message, `lock ${root}: another tsctr (pid ${process.pid}) is at work`);
    assert.is(readdirSync('/proc/self/fd').length, descriptors, 'the failed try leaves no descriptor');
    lock.release();
    (await lockRoot(kernel, root)).release();
  });
});

test('roots are locked apart from each other', async () => {
  await withDirectory(async (directory) => {
    const one = await lockRoot(kernel, path.join(directory, 'a'));
    const other = await lockRoot(kernel, path.join(directory, 'b'));
    one.release();
    other.release();
  });
});

test('with time to wait it is taken as soon as it is free', async () => {
  await withDirectory(async (directory) => {
    const first = await lockRoot(kernel, directory);
    setTimeout(() => {
      first.release();
    }, 60);
    const started = performance.now();
    const second = await lockRoot(kernel, directory, { waitMs: 5000 });
    const waited = performance.now() - started;
    assert.ok(waited >= 50 && waited < 2000, `waited ${waited} ms`);
    second.release();
  });
});

test('waiting ends with the time, and with the signal', async () => {
  await withDirectory(async (directory) => {
    const lock = await lockRoot(kernel, directory);
    const descriptors = readdirSync('/proc/self/fd').length;
    assert.is((await rejectionOf(lockRoot(kernel, directory, { waitMs: 60 }))).code, 'LOCKED');
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 30);
    const error = await rejectionOf(
      lockRoot(kernel, directory, { waitMs: 60_000, signal: controller.signal }),
    );
    assert.is(error.message, 'enough');
    assert.is(readdirSync('/proc/self/fd').length, descriptors, 'no descriptor is left');
    lock.release();
  });
});

test('the kernel lets go of it when its holder is killed', async () => {
  await withDirectory(async (directory) => {
    (await lockRoot(kernel, directory)).release();
    const file = path.join(directory, 'lock');
    const holder = spawn('/usr/bin/flock', ['--no-fork', file, '/bin/sleep', '100']);
    await once(holder, 'spawn');
    let taken = null;
    while (taken === null) {
      const lock = await lockRoot(kernel, directory).catch((error: unknown) => error as Error);
      if (lock instanceof Error) taken = lock;
      else lock.release();
    }
    holder.kill('SIGKILL');
    const lock = await lockRoot(kernel, directory, { waitMs: 5000 });
    assert.is(readFileSync(file, 'utf8'), `${process.pid}\n`);
    lock.release();
    assert.ok(existsSync(file));
  });
});

test.run();
