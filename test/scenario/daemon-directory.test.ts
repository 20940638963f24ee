import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoImageArchive, importDemoImage } from '../support/demo-image.ts';
import { killProcess } from '../support/kill-process.ts';
import { leftOfInstance } from '../support/left-of-instance.ts';
import { statusOf, untilGone, untilStatus } from '../support/listed.ts';
import { containerText as textOf } from '../support/manifest-text.ts';
import { readLimit } from '../support/read-limit.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import type { RunningTsctr } from '../support/tsctr.ts';
import { until } from '../support/until.ts';

interface Context {
  testRoot: TestRoot;
  daemon: RunningTsctr;
}

const test = suite<Context>('the daemon on a directory', {} as Context);

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
  context.daemon = await startDaemon(context.testRoot);
});

test.after(async ({ testRoot, daemon }) => {
  await daemon.end();
  await testRoot.remove();
});

/** Killed several times, and not to be waited for. */
function containerText(name: string, spec: object = {}): string {
  return textOf(name, { restartBackoff: { initialSeconds: 0.1 }, ...spec });
}

async function startDaemon(testRoot: TestRoot): Promise<RunningTsctr> {
  const daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
  await daemon.untilOutput(/"msg":"ready"/);
  return daemon;
}

/** Writes beside the directory and renames, as editors and deployments do. */
async function drop(testRoot: TestRoot, name: string, text: string): Promise<string> {
  const file = path.join(testRoot.manifests, name);
  await writeFile(path.join(testRoot.directory, 'new'), text);
  await rename(path.join(testRoot.directory, 'new'), file);
  return file;
}

const RUNNING = { what: 'runs' };
const isRunning = ({ state }: { state: string }): boolean => state === 'Running';

test('wait hears of what the daemon makes of a file', async ({ testRoot }) => {
  const waiting = (goal: string) => testRoot.output(['wait', 'container/file', `--for=${goal}`]);
  const created = waiting('create');
  const file = await drop(testRoot, 'file.yaml', containerText('file'));
  assert.match(await created, /^container\/file +created\n$/);
  assert.match(await waiting('jsonpath={.status.state}=Running'), /^container\/file +met +/);
  const ended = waiting('exit');
  await testRoot.output(['kill', 'file']);
  assert.match(await ended, /^container\/file +exited +exit code 137\n$/, 'although it runs again');
  const gone = waiting('delete');
  await rm(file);
  assert.match(await gone, /^container\/file +deleted\n$/);
});

test('a new file runs within half a second', async ({ testRoot, daemon }) => {
  const took: number[] = [];
  for (let round = 1; round <= 5; round += 1) {
    const begunMs = performance.now();
    await drop(testRoot, `quick${String(round)}.yaml`, containerText(`quick${String(round)}`));
    await daemon.untilOutput(new RegExp(`container/quick${String(round)} start`));
    took.push(performance.now() - begunMs);
  }
  took.sort((a, b) => a - b);
  console.log(`a new file runs after ${took.map((ms) => ms.toFixed(0)).join(', ')} ms (wanted: 500)`);
  // Lenient: other work on the machine must not fail the test. The best of five is what it can do.
  assert.ok((took[0] ?? Infinity) < 500, 'the best is within half a second');
  assert.ok((took.at(-1) ?? Infinity) < 5000);
  for (let round = 1; round <= 5; round += 1) {
    await rm(path.join(testRoot.manifests, `quick${String(round)}.yaml`));
    await untilGone(testRoot, `container/quick${String(round)}`);
  }
});

test('a changed file changes only what the plan says: limits in place, a variable by a restart, an image by a new layer', async ({
  testRoot,
}) => {
  await drop(testRoot, 'web.yaml', containerText('web'));
  await drop(testRoot, 'other.yaml', containerText('other'));
  const first = await untilStatus(testRoot, 'container/web', RUNNING, isRunning);
  const other = await untilStatus(testRoot, 'container/other', RUNNING, isRunning);

  const limited = { resources: { limits: { memory: '64Mi' } } };
  await drop(testRoot, 'web.yaml', containerText('web', limited));
  await until(async () => (await readLimit(first.pid ?? 0, 'memory')) === String(64 * 1024 * 1024), {
    what: 'the new limit holds for the same process',
  });
  const changed = await statusOf(testRoot, 'container/web');
  assert.is(changed.pid, first.pid, 'the same process');

  const renamed = { ...limited, env: [{ name: 'A', value: '1' }] };
  await drop(testRoot, 'web.yaml', containerText('web', renamed));
  const restarted = await untilStatus(
    testRoot,
    'container/web',
    { what: 'runs anew' },
    (status) => isRunning(status) && status.pid !== first.pid,
  );
  assert.is(restarted.containerID, first.containerID, 'around the same writable layer');

  await testRoot.output(['image', 'import', `oci-archive:${await demoImageArchive()}`, 'localhost/demo:2']);
  await drop(testRoot, 'web.yaml', containerText('web', { ...renamed, image: 'localhost/demo:2' }));
  const recreated = await untilStatus(
    testRoot,
    'container/web',
    { what: 'is made of the other image' },
    (status) => isRunning(status) && status.containerID !== first.containerID,
  );
  assert.is.not(recreated.pid, restarted.pid);

  const untouched = await statusOf(testRoot, 'container/other');
  assert.equal([untouched.pid, untouched.startedAt], [other.pid, other.startedAt]);
  await rm(path.join(testRoot.manifests, 'other.yaml'));
  await untilGone(testRoot, 'container/other');
  assert.ok(isRunning(await statusOf(testRoot, 'container/web')), 'what another file made goes on');
});

test('a file that turns bad keeps what it made, and log, get and describe say where it is bad', async ({
  testRoot,
  daemon,
}) => {
  const before = await statusOf(testRoot, 'container/web');
  const bad = 'apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: { name: web }\nspec:\n  imag: x\n';
  const file = await drop(testRoot, 'web.yaml', bad);
  const place = `${file}:5:3: spec.imag: unknown field, did you mean \`image\`?`;
  await until(() => daemon.output().includes(place), { what: 'the log has the place' });
  const status = await statusOf(testRoot, 'container/web');
  assert.equal([status.pid, status.startedAt], [before.pid, before.startedAt]);
  assert.ok(status.note.startsWith(place), status.note);
  const asWished = status.conditions.find(({ type }) => type === 'AsWished');
  assert.equal([asWished?.status, asWished?.reason], ['False', 'BadManifest']);
  assert.match(await testRoot.output(['describe', 'web']), place);
  assert.match(await testRoot.output(['get']), 'web.yaml:5:3: spec.imag');

  await drop(testRoot, 'web.yaml', containerText('web'));
  await untilStatus(
    testRoot,
    'container/web',
    { what: 'is in order again, and of the image that it had at first' },
    (status) => isRunning(status) && status.note === '' && status.image === 'localhost/demo:1',
  );
});

test('a process that is killed comes back', async ({ testRoot }) => {
  const before = await untilStatus(testRoot, 'container/web', RUNNING, isRunning);
  killProcess(before.pid);
  const after = await untilStatus(
    testRoot,
    'container/web',
    { what: 'comes back' },
    (status) => isRunning(status) && status.pid !== before.pid,
  );
  assert.is(after.restartCount, before.restartCount + 1);
  assert.is(after.containerID, before.containerID);
});

test('containers outlive a daemon that is killed, and the next one adopts them as they are', async (context) => {
  const { testRoot } = context;
  const before = await statusOf(testRoot, 'container/web');
  // What a daemon shows may be on its way to the disk yet.
  const record = path.join(testRoot.root, 'db/containers/web.json');
  const isKept = async (): Promise<boolean> => {
    const { state, pid } = JSON.parse(await readFile(record, 'utf8')) as { state: string; pid: number };
    return state === 'Running' && pid === before.pid;
  };
  await until(isKept, { what: 'it is on record' });
  await context.daemon.end('SIGKILL');
  killProcess(before.pid, 0);
  assert.equal((await statusOf(testRoot, 'container/web')).pid, before.pid, 'get works without a daemon');

  context.daemon = await startDaemon(testRoot);
  const after = await statusOf(testRoot, 'container/web');
  assert.equal(
    [after.state, after.pid, after.startedAt, after.restartCount],
    ['Running', before.pid, before.startedAt, before.restartCount],
  );

  killProcess(after.pid);
  await untilStatus(
    testRoot,
    'container/web',
    { what: 'is kept alive by the new daemon' },
    (status) => isRunning(status) && status.pid !== after.pid,
  );
});

test('what ends while no daemon runs is brought back, and what was taken out of the directory goes', async (context) => {
  const { testRoot } = context;
  await drop(testRoot, 'short.yaml', containerText('short'));
  const short = await untilStatus(testRoot, 'container/short', RUNNING, isRunning);
  await context.daemon.end('SIGTERM');
  await rm(path.join(testRoot.manifests, 'web.yaml'));
  killProcess(short.pid);
  context.daemon = await startDaemon(testRoot);
  await untilGone(testRoot, 'container/web');
  await untilStatus(
    testRoot,
    'container/short',
    { what: 'runs again' },
    (status) => isRunning(status) && status.pid !== short.pid,
  );
});

test('the last file gone, nothing is left', async ({ testRoot, daemon }) => {
  await rm(path.join(testRoot.manifests, 'short.yaml'));
  await untilGone(testRoot, 'container/short');
  await daemon.end();
  assert.equal(await leftOfInstance(testRoot), []);
});

test.run();
