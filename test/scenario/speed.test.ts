import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { containerText } from '../support/manifest-text.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';

const ROUNDS = 7;
const CONTAINERS = 100;

const test = suite<{ testRoot: TestRoot }>('speed', {} as never);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
});

test.after(async ({ testRoot }) => {
  await testRoot.remove();
});

/** The best of several, in milliseconds: what else the machine does only makes it slower. */
async function best(run: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begunMs = performance.now();
    await run();
    least = Math.min(least, performance.now() - begunMs);
  }
  return least;
}

/** What the machine needs for a Node that does nothing: the measure of all else. */
function bareNode(): Promise<number> {
  return best(() => promisify(execFile)(process.execPath, ['-e', '0']));
}

test('tsctr version takes less than twice as long as a Node that does nothing', async ({ testRoot }) => {
  const bare = await bareNode();
  const version = await best(() => testRoot.output(['version']));
  console.log(
    `node -e 0: ${bare.toFixed(0)} ms, tsctr version: ${version.toFixed(0)} ms (wanted: < 2 times)`,
  );
  assert.ok(version < 3 * bare, 'with room for a busy machine');
});

test('get with 100 containers, with and without a daemon', async ({ testRoot }) => {
  const bare = await bareNode();
  const names = Array.from({ length: CONTAINERS }, (_, index) => `c${String(index)}`);
  const input = names.map((name) => containerText(name)).join('');
  const begunMs = performance.now();
  await testRoot.output(['apply', '-f', '-', '--wait', '--timeout', '120s'], { input, timeoutMs: 150_000 });
  console.log(`apply of ${String(CONTAINERS)}: ${((performance.now() - begunMs) / 1000).toFixed(1)} s`);
  const alone = await best(() => testRoot.output(['get']));
  const daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await daemon.untilOutput(/"msg":"ready"/, 60_000);
  const served = await best(() => testRoot.output(['get']));
  await daemon.end();
  console.log(
    `get of ${String(CONTAINERS)}: ${alone.toFixed(0)} ms alone, ${served.toFixed(0)} ms from the daemon ` +
      `(wanted: < 250), node -e 0: ${bare.toFixed(0)} ms`,
  );
  const lines = (await testRoot.output(['get', '--no-headers'])).trimEnd().split('\n');
  assert.is(lines.filter((line) => / Running +1\/1 /.test(line)).length, CONTAINERS);
  assert.ok(Math.min(alone, served) < 1000 + 5 * bare, 'with room for a busy machine');
});

test.run();
