import { readdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { listAll, statusOf } from '../support/listed.ts';
import { containerText } from '../support/manifest-text.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';

const test = suite<{ testRoot: TestRoot; file: string }>('a damaged record', {} as never);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
  const input = containerText('bad') + containerText('good');
  await context.testRoot.output(['apply', '-f', '-', '--wait'], { input });
  context.file = path.join(context.testRoot.root, 'db/containers/bad.json');
  await truncate(context.file, 100);
});

test.after(async ({ testRoot }) => {
  await testRoot.remove();
});

test('is named by who only looks, stays where it is, and the rest is shown', async ({ testRoot, file }) => {
  const { exitCode, stdout, stderr } = await testRoot.tsctr(['get']);
  assert.is(exitCode, 0);
  assert.match(stdout, /^Container +good +Running/m);
  assert.match(stderr, `error: read record ${file}: `);
  assert.match((await readdir(path.dirname(file))).join(), 'bad.json');
});

test('is set aside by who writes, with its name, and the rest goes on', async ({ testRoot, file }) => {
  const before = await statusOf(testRoot, 'container/good');
  const input = containerText('good', { env: [{ name: 'A', value: '1' }] });
  const { exitCode, stderr } = await testRoot.tsctr(['apply', '-f', '-', '--wait'], { input });
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, `error: read record ${file}: `);
  assert.match(stderr, /it is kept as .*bad\.json\.damaged-\d{4}/);
  assert.is.not((await statusOf(testRoot, 'container/good')).pid, before.pid);
  assert.match((await readdir(path.dirname(file))).join(), /bad\.json\.damaged-/);
  assert.is((await testRoot.tsctr(['get'])).stderr, '', 'and is not spoken of again');
});

test('is logged by the daemon, which goes on with the rest', async ({ testRoot, file }) => {
  const good = path.join(path.dirname(file), 'good.json');
  await testRoot.output(['apply', '-f', '-', '--wait'], { input: containerText('other') });
  await truncate(good, 10);
  const daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await daemon.untilOutput(/"msg":"ready"/);
  assert.match(daemon.output(), good);
  assert.match(daemon.output(), /a damaged record was set aside/);
  assert.equal(
    (await listAll(testRoot)).map(({ metadata, status }) => [metadata.name, status.state]),
    [['other', 'Running']],
  );
  await daemon.end();
});

test.run();
