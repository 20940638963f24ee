import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createVolumeEngine } from '../../engine/volume/create-volume-engine.ts';
import { openRecordStore } from '../../engine/index.ts';
import { createDataEngine } from '../../engine/secret/data-engine.ts';
import { createStepRunner } from '../../machines/index.ts';
import {
  createDirectorySource,
  createEventBus,
  createReconciler,
  createRecordEditor,
  systemClock,
  type RecordEditor,
} from '../../reconciler/index.ts';
import { withEngine, TEST_IMAGE, type TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

/** Everything that a daemon is made of, but its socket. */
interface Loop {
  records: RecordEditor;
  errors: unknown[];
  problems: string[];
  stop(): Promise<void>;
}

async function startLoop(engine: TestEngine, manifests: string): Promise<Loop> {
  const records = createRecordEditor(
    await openRecordStore({ directory: path.join(engine.directory, 'root/db') }),
  );
  const errors: unknown[] = [];
  const problems: string[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
  };
  const events = createEventBus({ onListenerError: onError });
  const host = {
    containers: engine.containers,
    pods: engine.pods,
    images: engine.parts.images,
    volumes: createVolumeEngine(engine.parts),
    data: createDataEngine(engine.parts.data, engine.parts.runCommand),
    host: () => Promise.resolve(engine.parts.facts),
  };
  const runner = createStepRunner({ engine: host, records, events, clock: systemClock });
  const reconciler = createReconciler({
    engine: host,
    records,
    runner,
    events,
    clock: systemClock,
    newId: () => randomBytes(32).toString('hex'),
    onError,
  });
  await reconciler.start({ rebooted: false });
  const source = createDirectorySource({
    root: manifests,
    onError,
    async onWish(wish) {
      problems.splice(
        0,
        problems.length,
        ...wish.problems.map(
          ({ file, line, column, message }) => `${path.basename(file)}:${line}:${column}: ${message}`,
        ),
      );
      const accepted = await reconciler.accept(wish.manifests, {
        source: 'directory',
        prune: wish.keep === 'all' ? null : { allBut: wish.keep },
        conflicts: 'skip',
      });
      reconciler.wake(accepted.resources);
    },
  });
  await source.start();
  return {
    records,
    errors,
    problems,
    async stop() {
      await source.stop();
      await reconciler.stop();
    },
  };
}

function manifest(script: string, more = ''): string {
  const command = JSON.stringify(['/bin/sh', '-c', script]);
  return `apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: { name: web }\nspec:\n  image: ${TEST_IMAGE.reference}\n  command: ${command}\n  terminationGracePeriodSeconds: 0.2\n${more}`;
}

const SLEEP = 'sleep 1000';

test('a directory of manifests is kept true on a real host, over crashes of processes and of the loop', async () => {
  await withEngine(async (engine) => {
    const manifests = path.join(engine.directory, 'manifests');
    await mkdir(manifests, { mode: 0o700 });
    const file = path.join(manifests, 'web.yaml');
    let loop = await startLoop(engine, manifests);
    const web = () => loop.records.containers.get('web');
    const running = (what: string, isSo: () => boolean = () => true) =>
      until(() => web()?.state === 'Running' && isSo(), { what });

    const begun = performance.now();
    await writeFile(file, manifest(SLEEP));
    await running('the new file runs');
    const tookMs = performance.now() - begun;
    console.log(`a new file ran after ${tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < 2000);

    const first = web()?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await running('it comes back', () => web()?.pid !== first);
    assert.is(web()?.previousExit?.code, 137);

    const second = web()?.pid ?? 0;
    await loop.stop();
    loop = await startLoop(engine, manifests);
    await running('it is adopted');
    assert.is(web()?.pid, second, 'without a restart');

    await writeFile(file, manifest(SLEEP, '  env: [{ name: A, value: "1" }]\n'));
    await running('the changed file runs', () => web()?.pid !== second);
    const third = web()?.pid ?? 0;

    await writeFile(file, manifest(SLEEP, '  envv: []\n'));
    await until(() => loop.problems.length > 0, { what: 'the problem is told' });
    assert.match(loop.problems[0] ?? '', /^web.yaml:8:3: .*did you mean `env`/);
    assert.is(web()?.pid, third, 'the old container goes on');

    await rm(file);
    await until(() => web() === null, { what: 'it is gone' });
    assert.equal(loop.errors, []);
    await loop.stop();
  });
});

test.run();
