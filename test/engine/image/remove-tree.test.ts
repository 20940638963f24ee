import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { removeTree } from '../../../engine/image/remove-tree.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const kernel = createLinuxKernel();

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
    await removeTree(kernel, tree);
    assert.not(existsSync(tree));
    assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'untouched');
  });
});

test('removes a tree that is deeper than any path can say', async () => {
  await withDirectory(async (directory) => {
    const script =
      'mkdir tree && cd tree && for i in $(seq 300); do mkdir dddddddddddddddddddd && cd dddddddddddddddddddd; done; : > f';
    execFileSync('sh', ['-c', script], { cwd: directory });
    await removeTree(kernel, path.join(directory, 'tree'));
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
    await removeTree(kernel, tree);
    clearImmediate(next);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});

test('what is not there is no error; a link in its place is', async () => {
  await withDirectory(async (directory) => {
    await removeTree(kernel, path.join(directory, 'nothing'));
    const link = path.join(directory, 'link');
    mkdirSync(path.join(directory, 'target'));
    symlinkSync('target', link);
    let refused = false;
    await removeTree(kernel, link).catch(() => {
      refused = true;
    });
    assert.ok(refused);
    assert.ok(existsSync(path.join(directory, 'target')));
  });
});

test.run();
