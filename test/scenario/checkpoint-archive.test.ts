import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { counterManifest, isUnbroken, numbersOf, withCounter } from '../support/checkpoint-scenario.ts';
import { importTwin } from '../support/demo-image.ts';
import { missingForAttributes, withAttribute } from '../support/file-attributes.ts';
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

testUnless(test, (await missingForCheckpoints()) ?? (await missingForAttributes()))(
  '[ckpt.export] a container whose archive cannot be written goes on where that shows before, and waits in its memory where it does not',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record, log } = scene;
      await apply();
      await untilCounting();
      const file = path.join(testRoot.directory, 'counter.tar');
      writeFileSync(file, '');
      const args = ['checkpoint', 'counter', '--export', file];
      const refusal = `write ${file}: expected a file that can be replaced, found one that is immutable`;
      const { pid } = record();
      await withAttribute(file, 'i', async () => {
        const { stdout, exitCode } = await testRoot.tsctr(args);
        assert.is(exitCode, 1);
        assert.ok(stdout.includes(refusal), stdout);
        assert.equal([record().state, record().pid, record().checkpoint], ['Running', pid, null]);
      });
      await withAttribute(file, 'a', async () => {
        const { stdout, exitCode } = await testRoot.tsctr(args);
        assert.is(exitCode, 1);
        assert.ok(stdout.includes(refusal), stdout);
        assert.is(record().state, 'Checkpointed');
        assert.ok(record().lastError?.includes(`chattr -ia ${file}`), String(record().lastError));
      });
      assert.match(await testRoot.output(args), /container\/counter +exported/);
      await testRoot.output(['restore', 'counter']);
      await untilCounting();
      assert.ok(isUnbroken(numbersOf(await log())));
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  '[restore.from] [restore.name] [restore.states] an archive is restored in its place and under new names, and only a stopped container',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting, record, log } = scene;
      await apply();
      await untilCounting();
      const file = path.join(testRoot.directory, 'counter.tar.zst');
      await testRoot.output(['checkpoint', 'counter', '--export', file]);
      const saved = numbersOf(await log()).at(-1) ?? 0;
      await testRoot.output(['restore', 'counter']);
      await untilCounting();
      const running = await testRoot.tsctr(['restore', 'counter', '--from', file]);
      assert.match(running.stderr, /it is Running|it is Restored/);
      // Twice from one file, beside the one that goes on.
      for (const name of ['second', 'third']) {
        const text = await testRoot.output(['restore', file, '--name', name]);
        assert.match(text, new RegExp(`container/${name} +restored +pid`));
        await until(async () => numbersOf(await testRoot.output(['logs', name])).length > 3, {
          what: `${name} counts`,
        });
        const numbers = numbersOf(await testRoot.output(['logs', name]));
        assert.is(numbers[0], saved + 1, 'it goes on where the archive ends');
        assert.is(await testRoot.output(['exec', name, '--', 'hostname']), `${name}\n`);
      }
      await testRoot.output(['stop', 'counter']);
      assert.match(await testRoot.output(['restore', 'counter', '--from', file]), /restored/);
      await untilCounting();
      assert.is(record().intent, null);
      // Its checkpoint has ended it, and left what the runtime had made.
      await testRoot.output(['checkpoint', 'counter', '--export', file]);
      assert.match(await testRoot.output(['restore', 'counter', '--from', file]), /restored/);
      await untilCounting();
      // Later it is started as any other.
      await testRoot.output(['restart', 'second']);
      const rows = await testRoot.output(['get', '-o', 'json']);
      assert.not.match(rows, /"lastError": "[^"]/);
      await testRoot.output(['delete', 'counter', 'second', 'third']);
    });
  },
);

onHost(
  '[restore.same-image] what is refused is refused by words, before anything is made: foreign archives, other images, rights',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, untilCounting } = scene;
      await apply();
      await untilCounting();
      const file = path.join(testRoot.directory, 'counter.tar');
      await testRoot.output(['checkpoint', 'counter', '--export', file, '--compress', 'none']);
      const refused = async (reason: string, manifest: string, archive = file): Promise<void> => {
        const yaml = await testRoot.write(`${reason}.yaml`, manifest);
        const { stdout, exitCode } = await testRoot.tsctr(['restore', archive, '-f', yaml, '-o', 'json']);
        assert.is(exitCode, 1, stdout);
        const { events } = JSON.parse(stdout) as {
          events: { what: string; reasons?: { reason: string }[] }[];
        };
        const failed = events.find(({ what }) => what === 'failed');
        assert.equal([...new Set(failed?.reasons?.map((each) => each.reason))], [reason]);
      };
      const other = (fields: readonly string[] = []): string =>
        counterManifest(fields).replace('name: counter', 'name: other');
      await importTwin(testRoot, 'localhost/twin:1');
      const twin = counterManifest().replace('name: counter', 'name: twin').replace('demo:1', 'twin:1');
      await refused('image', twin);
      const forced = ['restore', file, '-f', path.join(testRoot.directory, 'image.yaml'), '--force-image'];
      assert.match(await testRoot.output(forced), /container\/twin +restored/);
      await testRoot.output(['delete', 'twin']);
      await refused('rights', other(['securityContext: { capabilities: { drop: [ALL] } }']));
      const changed = path.join(testRoot.directory, 'changed.tar');
      const bytes = readFileSync(file);
      // One number of its log is another one: the signature is not good for it.
      const at = bytes.indexOf(' n=');
      bytes[at + 1] = 'm'.charCodeAt(0);
      writeFileSync(changed, bytes);
      await refused('foreign', other(), changed);
      const trusted = path.join(testRoot.directory, 'trusted');
      mkdirSync(trusted, { mode: 0o700 });
      copyFileSync(changed, path.join(trusted, 'changed.tar'));
      const config = await testRoot.write(
        'config.yaml',
        `checkpoints: { trust: { directories: [${trusted}] } }`,
      );
      const yaml = await testRoot.write('other.yaml', other());
      const args = ['--config', config, 'restore', path.join(trusted, 'changed.tar'), '-f', yaml];
      assert.match(await testRoot.output(args), /container\/other +restored/);
      const left = (await testRoot.output(['get', '-o', 'name'])).trim().split('\n').sort();
      assert.equal(left, ['container/counter', 'container/other']);
      await testRoot.output(['delete', 'counter', 'other']);
    });
  },
);

test.run();
