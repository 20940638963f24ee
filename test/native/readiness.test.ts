import { spawnSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel, SOCK_SEQPACKET } from '../../native/index.ts';
import type { ErrnoError } from '../../native/index.ts';

const kernel = createLinuxKernel();

function countDescriptors(): number {
  const fd = kernel.openat2(-100, '/proc/self/fd', { flags: 0 });
  const count = kernel.readDirectory(fd).length;
  kernel.close(fd);
  return count;
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it was fulfilled'),
    (error: unknown) => error,
  );
}

test('tells readable from the time limit', async () => {
  const [output, input] = kernel.pipe2(0);
  assert.is(await kernel.pollReadable(output, 0), false);
  const startMs = performance.now();
  assert.is(await kernel.pollReadable(output, 30), false);
  assert.ok(performance.now() - startMs >= 29);
  const waiting = kernel.pollReadable(output, -1);
  writeSync(input, 'x');
  assert.is(await waiting, true);
  kernel.close(output);
  kernel.close(input);
});

test('a regular file is always readable, and what is not open is an error', async () => {
  const file = openSync('/etc/passwd', 'r');
  assert.is(await kernel.pollReadable(file, -1), true);
  kernel.close(file);
  assert.is(((await rejectionOf(kernel.pollReadable(987_654, -1))) as ErrnoError).code, 'EBADF');
});

test('the end of the other side is readable', async () => {
  const [mine, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  const waiting = kernel.pollReadable(mine, -1);
  kernel.close(theirs);
  assert.is(await waiting, true);
  kernel.close(mine);
});

test('two may wait for the same descriptor', async () => {
  const [output, input] = kernel.pipe2(0);
  const both = Promise.all([kernel.pollReadable(output, -1), kernel.pollReadable(output, -1)]);
  writeSync(input, 'x');
  assert.equal(await both, [true, true]);
  kernel.close(output);
  kernel.close(input);
});

test('an abort signal ends the wait with its reason', async () => {
  const [output, input] = kernel.pipe2(0);
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = rejectionOf(kernel.pollReadable(output, -1, { signal: controller.signal }));
  await new Promise(setImmediate);
  controller.abort(reason);
  assert.is(await waiting, reason);
  const late = kernel.pollReadable(output, -1, { signal: controller.signal });
  assert.is(await rejectionOf(late), reason);
  kernel.close(output);
  kernel.close(input);
});

test('closing the descriptor ends the wait with EBADF', async () => {
  const [output, input] = kernel.pipe2(0);
  const waiting = rejectionOf(kernel.pollReadable(output, -1));
  await new Promise(setImmediate);
  kernel.close(output);
  assert.is(((await waiting) as ErrnoError).code, 'EBADF');
  kernel.close(input);
});

test('no descriptor is left over after waits of every outcome', async () => {
  const [output, input] = kernel.pipe2(0);
  const before = countDescriptors();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const aborted = Array.from({ length: 100 }, () =>
    rejectionOf(kernel.pollReadable(output, -1, { signal: controller.signal })),
  );
  const timedOut = Array.from({ length: 100 }, (_, index) => kernel.pollReadable(output, index % 7));
  await Promise.all(timedOut);
  controller.abort();
  await Promise.all(aborted);
  const readable = Array.from({ length: 100 }, () => kernel.pollReadable(output, 10_000));
  writeSync(input, 'x');
  assert.ok((await Promise.all(readable)).every(Boolean));
  assert.is(countDescriptors(), before);
  kernel.close(output);
  kernel.close(input);
});

/** Runs a program that has `kernel`; how it ended and after how many milliseconds. */
function runProgram(body: string) {
  const face = fileURLToPath(new URL('../../native/index.ts', import.meta.url));
  const program = `import { createLinuxKernel } from ${JSON.stringify(face)};
    const kernel = createLinuxKernel(); const [output, input] = kernel.pipe2(0); ${body}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
}

test('a process with nothing to wait for ends by itself', () => {
  const { status, signal, stderr } = runProgram(`await kernel.pollReadable(output, 1);
    const abort = new AbortController();
    kernel.pollReadable(output, -1, { signal: abort.signal }).catch(() => {});
    setImmediate(() => abort.abort());`);
  assert.equal([status, signal, stderr], [0, null, '']);
});

test('a pending wait keeps the process alive', () => {
  const { status, stdout } = runProgram(
    `kernel.pollReadable(output, 200).then((readable) => console.log('waited', readable));`,
  );
  assert.equal([status, stdout], [0, 'waited false\n']);
});

test('process.exit and the end of a worker thread do not hang on a pending wait', () => {
  const exit = runProgram('void kernel.pollReadable(output, -1); setTimeout(() => process.exit(3), 20);');
  assert.equal([exit.status, exit.signal, exit.stderr], [3, null, '']);
  const face = fileURLToPath(new URL('../../build/Release/tsctr_native.node', import.meta.url));
  const inWorker = `const addon = require(${JSON.stringify(face)}); addon.startWatcher(() => {});
    addon.watch(addon.pipe2(0)[0], -1);`;
  const worker = runProgram(`const { Worker } = await import('node:worker_threads');
    const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true, execArgv: [] });
    setTimeout(() => worker.terminate().then((code) => console.log('ended', code)), 200);`);
  assert.equal([worker.status, worker.stdout, worker.stderr], [0, 'ended 1\n', '']);
});

test('one thread waits for all', () => {
  const [output, input] = kernel.pipe2(0);
  const threads = (): number =>
    Number(/Threads:\t(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const before = threads();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const waits = Array.from({ length: 1_000 }, () =>
    rejectionOf(kernel.pollReadable(output, -1, { signal: controller.signal })),
  );
  assert.is(threads(), before);
  controller.abort();
  return Promise.all(waits).then(() => {
    kernel.close(output);
    kernel.close(input);
  });
});

test.run();
