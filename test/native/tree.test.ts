import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel, hasErrno } from '../../native/index.ts';
import { withDirectory } from '../support/scratch-directory.ts';

const kernel = createLinuxKernel();

// Before any other test: the stack of a thread that has ended is used again.
test('a thread that cannot be had is an error of the call, and the process goes on', async () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const mappedBytes = Number(/^VmSize:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  const limit = (bytes: string): void => {
    execFileSync('prlimit', [`--pid=${String(process.pid)}`, `--as=${bytes}:`]);
  };
  // Enough for a call, and too little for a stack.
  limit(String(mappedBytes + (2 << 20)));
  try {
    const error = await kernel.removeTree('/nowhere/at/all').catch((reason: unknown) => reason);
    assert.ok(hasErrno(error, 'EAGAIN'), String(error));
  } finally {
    limit('unlimited');
  }
});

test('removes a tree and follows no link out of it', async () => {
  await withDirectory(async (directory) => {
    const [outside, tree] = [path.join(directory, 'outside'), path.join(directory, 'tree')];
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'victim'), 'untouched');
    mkdirSync(path.join(tree, 'a/b/c'), { recursive: true });
    mkdirSync(path.join(tree, 'a/empty'));
    writeFileSync(path.join(tree, 'a/b/file'), 'x');
    symlinkSync(outside, path.join(tree, 'a/out'));
    symlinkSync(outside, path.join(tree, 'out'));
    await kernel.removeTree(tree);
    assert.not(existsSync(tree));
    assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'untouched');
  });
});

test('removes a tree that is deeper than any path can say', async () => {
  await withDirectory(async (directory) => {
    const script =
      'mkdir tree && cd tree && for i in $(seq 300); do mkdir dddddddddddddddddddd && cd dddddddddddddddddddd; done; : > f';
    execFileSync('sh', ['-c', script], { cwd: directory });
    await kernel.removeTree(path.join(directory, 'tree'));
    assert.not(existsSync(path.join(directory, 'tree')));
  });
});

test('lets other work go on in between', async () => {
  await withDirectory(async (directory) => {
    const tree = path.join(directory, 'tree');
    mkdirSync(tree);
    for (let i = 0; i < 2000; i++) writeFileSync(path.join(tree, String(i)), '');
    let turns = 0;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await kernel.removeTree(tree);
    clearImmediate(next);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});

test('removes what a name cannot be kept for: a container may have taken it', async () => {
  await withDirectory(async (directory) => {
    const script =
      'mkdir tree && cd tree && : > .removed-0 && for i in $(seq 40); do mkdir d && cd d; done; : > f && mkdir .removed-0';
    execFileSync('sh', ['-c', script], { cwd: directory });
    await kernel.removeTree(path.join(directory, 'tree'));
    assert.not(existsSync(path.join(directory, 'tree')));
  });
});

test('what is not there is no error; a file or a link goes by itself', async () => {
  await withDirectory(async (directory) => {
    await kernel.removeTree(path.join(directory, 'nothing'));
    const [file, link, target] = ['file', 'link', 'target'].map((name) => path.join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(file, 'x');
    mkdirSync(target);
    symlinkSync('target', link);
    await kernel.removeTree(file);
    await kernel.removeTree(link);
    assert.equal(readdirSync(directory), ['target']);
  });
});

test('what cannot be removed is an error with its cause', async () => {
  const error = await kernel.removeTree('/proc/self/fd').catch((reason: unknown) => reason);
  assert.ok(hasErrno(error, 'EPERM', 'EACCES'), String(error));
});

test.run();
