import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { awaitExit, readExit } from '../../../engine/container/exit-file.ts';
import { ExitWatcher } from '../../../engine/container/exit-watcher.ts';
import { createHostPaths } from '../../../engine/host-paths.ts';
import { containerId } from '../../support/container-request.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { until } from '../../support/until.ts';

const id = containerId(1);

function setUp(directory: string) {
  const host = createHostPaths(path.join(directory, 'root'), path.join(directory, 'run'));
  mkdirSync(host.exits, { recursive: true });
  const paths = host.container(id);
  return { paths, exits: new ExitWatcher(host.exits), directory: host.exits };
}

test('[state.exit-file] the code is what the file says, the time is that of the file', async () => {
  await withDirectory(async (directory) => {
    const { paths, exits } = setUp(directory);
    writeFileSync(paths.exitFile, '137');
    utimesSync(paths.exitFile, 1_700_000_000, 1_700_000_000);
    const exit = { code: 137, finishedAt: '2023-11-14T22:13:20.000Z', oomKilled: false };
    assert.equal(await readExit(paths), exit);
    assert.equal(await awaitExit(id, paths, exits), exit);
  });
});

test('[state.exit-file] one that comes late is waited for', async () => {
  await withDirectory(async (directory) => {
    const { paths, exits } = setUp(directory);
    setTimeout(() => {
      writeFileSync(paths.exitFile, '3');
    }, 50);
    assert.is((await awaitExit(id, paths, exits, 5000)).code, 3);
  });
});

test('[state.exit-file] one that does not come in time means -1, and not that of another container', async () => {
  await withDirectory(async (directory) => {
    const { paths, exits, directory: exitDirectory } = setUp(directory);
    setTimeout(() => {
      writeFileSync(path.join(exitDirectory, containerId(2)), '0');
    }, 20);
    const started = performance.now();
    const exit = await awaitExit(id, paths, exits, 150);
    assert.is(exit.code, -1);
    assert.not(exit.oomKilled);
    assert.ok(Math.abs(Date.parse(exit.finishedAt) - Date.now()) < 2000);
    assert.ok(performance.now() - started >= 149);
  });
});

test('[state.oom] conmon leaves a file when the kernel killed for memory', async () => {
  await withDirectory(async (directory) => {
    const { paths } = setUp(directory);
    mkdirSync(paths.persist, { recursive: true });
    writeFileSync(path.join(paths.persist, 'oom'), '');
    writeFileSync(paths.exitFile, '137');
    assert.ok((await readExit(paths))?.oomKilled);
  });
});

test('a file without a number means that nobody knows', async () => {
  await withDirectory(async (directory) => {
    const { paths } = setUp(directory);
    writeFileSync(paths.exitFile, '');
    assert.is((await readExit(paths))?.code, -1);
  });
});

test('the watcher tells of ids alone, and is quiet when nobody listens', async () => {
  await withDirectory(async (directory) => {
    const { exits, directory: exitDirectory } = setUp(directory);
    const seen: string[] = [];
    const end = await exits.subscribe((found) => void seen.push(found));
    writeFileSync(path.join(exitDirectory, 'something.tmp'), '');
    writeFileSync(path.join(exitDirectory, id), '0');
    await until(() => seen.includes(id), { what: 'the exit is seen' });
    assert.equal([...new Set(seen)], [id]);
    end();
    seen.length = 0;
    const endOther = await exits.subscribe(() => undefined);
    writeFileSync(path.join(exitDirectory, id), '1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(seen, []);
    endOther();
  });
});

test.run();
