import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { killAt, startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import type { CounterRecord } from '../support/checkpoint-scenario.ts';
import { testUnless } from '../support/skip.ts';

const onHost = testUnless(test, await missingForCheckpoints());

const FAULTS = ['before:checkpoint.keep', 'after:checkpoint.keep', 'after:checkpoint.retention'];
const SAVE = ['checkpoint', 'counter', '-R'];

/** Two are told of, the newest first; each is whole, and nothing else is there. */
async function assertTwo({ checkpoint, olderCheckpoints }: CounterRecord, when: string): Promise<void> {
  const told = [...(checkpoint === null ? [] : [checkpoint]), ...olderCheckpoints];
  const ids = told.map(({ id }) => id);
  assert.is(ids.length, 2, `${when}: ${ids.join(' ')}`);
  assert.ok((ids[0] ?? 0) > (ids[1] ?? 0), when);
  for (const { path: directory } of told)
    assert.ok(existsSync(path.join(directory, 'checkpoint.json')), when);
  const names = await readdir(path.dirname(told[0]?.path ?? ''));
  assert.equal(names.map(Number).sort(), [...ids].sort(), when);
}

onHost(
  '[ckpt.keep] tsctr killed while it keeps one of several: those that are told of are whole',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record } = scene;
      await apply('checkpoint: { keep: 2 }');
      await untilCounting();
      await testRoot.output(SAVE);
      for (const fault of FAULTS) {
        assert.ok(await killAt(scene, fault, SAVE), fault);
        await testRoot.output(SAVE);
        await assertTwo(record(), fault);
      }
      const [older] = record().olderCheckpoints;
      await testRoot.output(['stop', 'counter']);
      await testRoot.output(['restore', `counter@${String(older?.id)}`]);
      await untilCounting();
      assert.is(startsOf(await scene.log()), 1);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

test.run();
