import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { isUnbroken, numbersOf, startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import { killProcess } from '../support/kill-process.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForCheckpoints());

onHost(
  '[ckpt.stop-or-leave] [restore.from] spec.state leads into a checkpoint and out of it, and no number is lost',
  async () => {
    await withCounter(async ({ testRoot, apply, row, record, log, untilCounting }) => {
      await apply();
      await untilCounting();
      for (let round = 0; round < 2; round += 1) {
        assert.match(
          await apply('state: Checkpointed'),
          /checkpointed  \d+ KiB, frozen for \d+ ms\n1 changed/,
        );
        assert.match(await row(), /counter +Checkpointed +0\/1 +0 +\S+ +\d+ KiB, \d+ m?s ago/);
        const { checkpoint } = record();
        assert.ok(checkpoint !== null && existsSync(checkpoint.path));
        assert.match(await apply('state: Checkpointed'), /unchanged/);
        assert.match(await apply('state: Running'), /restored +pid \d+ after \d+ ms/);
        await untilCounting();
        assert.match(await row(), /counter +Running +1\/1 +0 .* restored/);
        assert.not(existsSync(checkpoint.path), 'it has become the run');
      }
      assert.ok(isUnbroken(numbersOf(await log())));
      assert.is(startsOf(await log()), 1);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  '[ckpt.autoremove] [restore.after] checkpoint and restore by command, with their figures, and what they refuse',
  async () => {
    await withCounter(async ({ testRoot, apply, record, log, untilCounting }) => {
      await apply();
      await untilCounting();
      const running = await testRoot.tsctr(['restore', 'counter']);
      assert.match(running.stderr, /it is Running; restore needs it to be one of/);
      const left = await testRoot.output(['checkpoint', 'counter', '--leave-running']);
      assert.match(
        left,
        /memory +\d+ KiB of \d+ KiB in all\n +stood still [\d.]+ m?s\n +stages +prepare .*dump .*total [\d.]+ m?s/,
      );
      assert.equal([record().state, record().checkpoint?.leftRunning], ['Running', true]);
      await untilCounting();
      await testRoot.output(['checkpoint', 'counter']);
      assert.match(
        await testRoot.output(['checkpoint', 'list']),
        /counter@\d+ +\d+s +\d+ KiB +\d+ KiB +hand +its container waits in it/,
      );
      // No container goes away because it has ended, so that no checkpoint needs an export to outlive it.
      const refused = await testRoot.tsctr(['checkpoint', 'remove', 'counter']);
      assert.match(refused.stderr, /its memory is nowhere else/);
      await testRoot.output(['restore', 'counter']);
      await untilCounting();
      const numbers = numbersOf(await log());
      assert.ok(isUnbroken(numbers));
      const follower = testRoot.start(['logs', '--follow', 'counter']);
      try {
        await follower.untilOutput(new RegExp(`^n=${numbers.length + 5}$`, 'm'));
        assert.ok(isUnbroken(numbersOf(follower.output())), 'from before the checkpoint on');
      } finally {
        await follower.end();
      }
      // Back to an earlier point of the same run.
      await testRoot.output(['checkpoint', 'counter', '-R']);
      await untilCounting();
      await testRoot.output(['stop', 'counter']);
      await testRoot.output(['restore', 'counter']);
      await untilCounting();
      assert.not(isUnbroken(numbersOf(await log())), 'some are counted again');
      assert.is(startsOf(await log()), 1);
      await testRoot.output(['restart', 'counter']);
      await until(() => record().state === 'Running', { what: 'it begins anew' });
      assert.match(await testRoot.output(['checkpoint', 'prune']), /1 removed/);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  'with a daemon: an interval, a crash that leads back to the last checkpoint, and after so many a start',
  async () => {
    await withCounter(async ({ testRoot, apply, row, record, log, untilCounting }) => {
      const daemon = testRoot.start(['daemon', '--manifests', testRoot.manifests]);
      try {
        await until(() => existsSync(`${testRoot.run}/tsctr.sock`), { what: 'the daemon listens' });
        await apply('checkpoint: { interval: 1s }', 'restore: { onCrash: { tries: 1 } }');
        await until(() => record().checkpoint?.by === 'interval', { what: 'it was saved by its interval' });
        await apply('restore: { onCrash: { tries: 1 } }');
        await untilCounting();
        killProcess(record().pid);
        await until(() => record().state === 'Restored', { what: 'it was restored' });
        await untilCounting();
        assert.match(await row(), /Running +1\/1 +1 .*restored after exit code 137, try 1 of 1/);
        assert.is(startsOf(await log()), 1);
        assert.match(
          await testRoot.output(['describe', 'counter']),
          /Restored: .* after a crash, from the checkpoint of/,
        );
        killProcess(record().pid);
        await until(() => record().state === 'Running', { what: 'it was started anew', timeoutMs: 30_000 });
        await untilCounting();
        assert.match(await row(), /Running +1\/1 +2/);
        await testRoot.output(['delete', 'counter']);
      } finally {
        await daemon.end();
      }
    });
  },
);

test.run();
