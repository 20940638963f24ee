import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { isUnbroken, killAt, numbersOf, startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import type { CounterScene } from '../support/checkpoint-scenario.ts';
import { readProcessTable } from '../support/process-table.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForCheckpoints());

const SAVING = [
  'checkpoint.dump',
  'criu.pre-dump',
  'criu.post-dump',
  'checkpoint.keep',
  'checkpoint.retention',
  'runtime-container.down',
];
const BRINGING_BACK = [
  'state-directory.up',
  'root-filesystem.up',
  'runtime-spec.up',
  'saved-files.up',
  'restored-container.up',
  'criu.pre-restore',
  'criu.post-restore',
  'restore.adopt',
  'criu.pre-resume',
  'criu.post-resume',
];

/** Each of them takes seconds: all with TSCTR_EVERY_FAULT=1, else those after which most is half-made. */
const OUT_OF_AN_ARCHIVE =
  process.env['TSCTR_EVERY_FAULT'] === '1'
    ? ['checkpoint.import', 'saved-upper.up', 'volumes.up', ...BRINGING_BACK].flatMap((effect) => [
        `before:${effect}`,
        `after:${effect}`,
      ])
    : [
        'after:checkpoint.import',
        'after:saved-upper.up',
        'after:criu.post-restore',
        'after:restored-container.up',
      ];

/** One process of it, not frozen, and nothing half-made beside its layer. */
async function assertWhole(scene: CounterScene): Promise<void> {
  const { testRoot, record, log, untilCounting } = scene;
  await untilCounting();
  const { checkpoint, pid, intent } = record();
  assert.is(intent, null);
  const own = path.dirname(path.dirname(checkpoint?.path ?? '/none/none'));
  assert.not(existsSync(path.join(own, 'checkpoint.new')));
  const counters = (await readProcessTable()).filter(
    ({ args, environment }) =>
      args.join(' ').includes('echo start pid=') && environment.length >= 0 && args[0] === 'sh',
  );
  assert.is(counters.filter((entry) => entry.pid === pid).length, 1);
  const criu = (await readProcessTable()).filter(
    ({ args }) => args.join(' ').includes(`${testRoot.directory}/`) && args[0]?.endsWith('criu') === true,
  );
  assert.equal(criu, [], 'no CRIU is left');
  const numbers = numbersOf(await log());
  assert.ok(isUnbroken(numbers), `lost or repeated: ${numbers.join(' ')}`);
  assert.is(startsOf(await log()), 1);
}

onHost(
  'tsctr killed at every effect of a checkpoint: it runs as before, or goes on from what is kept',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting } = scene;
      await apply();
      await untilCounting();
      const came: string[] = [];
      for (const effect of SAVING) {
        for (const phase of ['before', 'after']) {
          const fault = `${phase}:${effect}`;
          if (await killAt(scene, fault, ['checkpoint', 'counter'])) came.push(fault);
          const started = await testRoot.tsctr(['start', 'counter']);
          assert.is(started.exitCode, 0, `${fault}\n${started.stdout}${started.stderr}`);
          await assertWhole(scene).catch((error: unknown) => {
            throw new Error(`killed ${fault}: ${String(error)}\n${JSON.stringify(scene.record())}`, {
              cause: error,
            });
          });
        }
      }
      console.log(`killed at ${String(came.length)} of ${String(SAVING.length * 2)}: ${came.join(' ')}`);
      assert.ok(came.length >= 8);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  'tsctr killed at every effect of a restore: the next command brings it back, and nothing is lost',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record } = scene;
      await apply();
      await untilCounting();
      const came: string[] = [];
      for (const effect of BRINGING_BACK) {
        for (const phase of ['before', 'after']) {
          const fault = `${phase}:${effect}`;
          await testRoot.output(['checkpoint', 'counter']);
          if (await killAt(scene, fault, ['restore', 'counter'])) came.push(fault);
          const started = await testRoot.tsctr(['start', 'counter']);
          assert.is(started.exitCode, 0, `${fault}\n${started.stdout}${started.stderr}`);
          await until(() => record().state === 'Restored', { what: `it is back after ${fault}` });
          await assertWhole(scene).catch((error: unknown) => {
            throw new Error(`killed ${fault}: ${String(error)}\n${JSON.stringify(scene.record())}`, {
              cause: error,
            });
          });
        }
      }
      console.log(
        `killed at ${String(came.length)} of ${String(BRINGING_BACK.length * 2)}: ${came.join(' ')}`,
      );
      assert.ok(came.length >= 16);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  '[restore.rollback] tsctr killed at every effect of a restore out of an archive: it comes back out of it, or is as before',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record, log } = scene;
      await apply();
      await untilCounting();
      const file = path.join(testRoot.directory, 'counter.tar');
      await testRoot.output(['checkpoint', 'counter', '--export', file, '--compress', 'none']);
      const saved = numbersOf(await log()).at(-1) ?? 0;
      await testRoot.output(['start', 'counter']);
      const came: string[] = [];
      for (const fault of OUT_OF_AN_ARCHIVE) {
        await testRoot.output(['stop', 'counter']);
        const before = numbersOf(await log()).length;
        if (await killAt(scene, fault, ['restore', 'counter', '--from', file])) came.push(fault);
        const started = await testRoot.tsctr(['start', 'counter']);
        assert.is(started.exitCode, 0, `${fault}\n${started.stdout}${started.stderr}`);
        await untilCounting();
        const { state, intent, request } = record();
        assert.equal([state, intent], ['Restored', null], fault);
        const numbers = numbersOf(await log()).slice(before);
        assert.equal(
          numbers,
          numbers.map((_, index) => saved + 1 + index),
          `it goes on where the archive ends, killed ${fault}`,
        );
        const left = readdirSync(path.join(testRoot.root, 'containers', request.id));
        const halfMade = left.filter((name) => /^imported|^upper\.before$|^checkpoint\.new$/.test(name));
        assert.equal(halfMade, [], `nothing is left, killed ${fault}`);
      }
      console.log(
        `killed at ${String(came.length)} of ${String(OUT_OF_AN_ARCHIVE.length)}: ${came.join(' ')}`,
      );
      assert.equal(came, OUT_OF_AN_ARCHIVE);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

test.run();
