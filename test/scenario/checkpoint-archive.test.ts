import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { isUnbroken, numbersOf, withCounter } from '../support/checkpoint-scenario.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForCheckpoints());

onHost(
  '[ckpt.export] tsctr killed while it writes an archive: no half of one, and the container waits in its checkpoint',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record, log } = scene;
      await apply();
      await untilCounting();
      const out = path.join(testRoot.directory, 'out');
      mkdirSync(out);
      const file = path.join(out, 'counter.tar');
      for (const phase of ['before', 'after']) {
        await testRoot.output(['start', 'counter']);
        await until(() => record().state === 'Running' || record().state === 'Restored', { what: 'it runs' });
        // What a kill in the middle of the writing leaves.
        writeFileSync(path.join(out, '.counter.tar.tsctr-export'), 'half');
        mkdirSync(path.join(out, '.counter.tar.tsctr-export.parts'));
        const args = ['checkpoint', 'counter', '--export', file];
        const killed = await testRoot.tsctr(args, { env: { TSCTR_FAULT: `${phase}:checkpoint.export` } });
        assert.is(killed.exitCode, null, phase);
        assert.is(existsSync(file), phase === 'after');
        const began = await testRoot.tsctr(['start', 'counter']);
        assert.is(began.exitCode, 0, began.stderr);
        await untilCounting();
        assert.is(record().intent, null);
        assert.ok(isUnbroken(numbersOf(await log())));
        assert.equal(readdirSync(out), phase === 'after' ? ['counter.tar'] : []);
        rmSync(file, { force: true });
      }
      await testRoot.output(['delete', 'counter']);
    });
  },
);

test.run();
