import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../engine/engine-error.ts';
import { readInRoot } from '../../../engine/rootfs/read-in-root.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { testUnless } from '../../support/skip.ts';

const kernel = createLinuxKernel();
const read = (root: string, file: string) => readInRoot(kernel, root, file);

/** A root filesystem beside a secret that it must not lead to. */
async function withRoot(body: (root: string, directory: string) => Promise<void> | void): Promise<void> {
  await withDirectory(async (directory) => {
    writeFileSync(path.join(directory, 'secret'), 'secret');
    mkdirSync(path.join(directory, 'root/etc'), { recursive: true });
    await body(path.join(directory, 'root'), directory);
  });
}

function refusal(action: () => unknown): EngineError {
  try {
    action();
  } catch (error) {
    assert.instance(error, EngineError);
    return error as EngineError;
  }
  throw new Error('expected a refusal');
}

test('reads a file, and null for one that is not there', async () => {
  await withRoot((root) => {
    writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
    assert.is(read(root, '/etc/passwd'), 'root:x:0:0::/:\n');
    assert.is(read(root, '/etc/group'), null);
    assert.is(read(root, '/etc/passwd/x'), null);
  });
});

test('follows links as the container would: absolute ones begin at its root', async () => {
  await withRoot((root) => {
    mkdirSync(path.join(root, 'usr/lib'), { recursive: true });
    writeFileSync(path.join(root, 'usr/lib/passwd'), 'inside');
    symlinkSync('/usr/lib/passwd', path.join(root, 'etc/passwd'));
    assert.is(read(root, '/etc/passwd'), 'inside');
  });
});

test('no link and no `..` leads out of the root', async () => {
  await withRoot((root, directory) => {
    symlinkSync(path.join(directory, 'secret'), path.join(root, 'etc/absolute'));
    symlinkSync('../../secret', path.join(root, 'etc/relative'));
    symlinkSync('../..', path.join(root, 'etc/up'));
    for (const name of ['/etc/absolute', '/etc/relative', '/etc/up/secret', '/../secret', '../secret']) {
      assert.is(read(root, name), null, name);
    }
  });
});

test('no link of /proc leads out of the root', async () => {
  await withRoot((root) => {
    // As if /proc were mounted inside: the link of a descriptor jumps anywhere.
    symlinkSync('/proc/self/root', path.join(root, 'etc/magic'));
    assert.is(read(root, '/etc/magic/etc/hostname'), null);
    assert.match(refusal(() => read('/', '/proc/self/root/etc/passwd')).message, /ELOOP/);
  });
});

test('a loop of links is refused', async () => {
  await withRoot((root) => {
    symlinkSync('b', path.join(root, 'etc/a'));
    symlinkSync('a', path.join(root, 'etc/b'));
    assert.is(refusal(() => read(root, '/etc/a')).code, 'UNSAFE_PATH');
  });
});

test('a FIFO is refused at once and does not hang', async () => {
  await withRoot((root) => {
    execFileSync('/usr/bin/mkfifo', [path.join(root, 'etc/passwd')]);
    const error = refusal(() => read(root, '/etc/passwd'));
    assert.is(error.code, 'UNSAFE_PATH');
    assert.match(error.message, /read \/etc\/passwd in .*: not a regular file/);
  });
});

test('a directory and a socket are refused', async () => {
  await withRoot(async (root) => {
    assert.match(refusal(() => read(root, '/etc')).message, /not a regular file/);
    const server = net.createServer().listen(path.join(root, 'etc/sock'));
    await new Promise((resolve) => server.once('listening', resolve));
    assert.is(refusal(() => read(root, '/etc/sock')).code, 'UNSAFE_PATH');
    await new Promise((resolve) => server.close(resolve));
  });
});

const testAsRoot = testUnless(test, process.getuid?.() === 0 ? null : 'making a device node needs root');

testAsRoot('a device is refused', async () => {
  await withRoot((root) => {
    execFileSync('/usr/bin/mknod', [path.join(root, 'etc/passwd'), 'c', '1', '5']);
    assert.is(refusal(() => read(root, '/etc/passwd')).code, 'UNSAFE_PATH');
  });
});

test('more than a mebibyte is refused, a mebibyte is read', async () => {
  await withRoot((root) => {
    writeFileSync(path.join(root, 'etc/passwd'), 'x'.repeat(1 << 20));
    assert.is(read(root, '/etc/passwd')?.length, 1 << 20);
    writeFileSync(path.join(root, 'etc/passwd'), 'x'.repeat((1 << 20) + 1));
    assert.match(refusal(() => read(root, '/etc/passwd')).message, /1048577 bytes, expected at most 1048576/);
  });
});

test.run();
