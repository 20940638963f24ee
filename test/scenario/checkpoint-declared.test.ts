import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import {
  counterManifest,
  isUnbroken,
  killAt,
  numbersOf,
  startsOf,
  withCounter,
} from '../support/checkpoint-scenario.ts';
import { freePort, missingForRegistry, startRegistry } from '../support/registry.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, (await missingForCheckpoints()) ?? missingForRegistry);

/** `spec` as it stands in braces. */
const declared = (name: string, spec = ''): string =>
  `{ apiVersion: tsctr.dev/v1, kind: Checkpoint, metadata: { name: ${name} }, spec: { container: counter, ${spec} } }\n`;

interface Shown {
  metadata: { generation: number };
  status: {
    phase: string;
    checkpoint: { number: number; isKept: boolean; statistics: { pages_written: number }; frozenMs: number };
    product: { bytes: number } | null;
    pushed: { destination: string; digest: string } | null;
    attempts: number;
    failed: number;
    conditions: { type: string; status: string; reason: string; observedGeneration: number }[];
  };
}

onHost(
  '[ckpt.declared] [restore.from] a Checkpoint waits for its container, saves it once, and is seen, changed and deleted',
  async () => {
    await withCounter(async ({ testRoot, apply, record, log, untilCounting }) => {
      const { directory } = testRoot;
      const output = (args: string[]): Promise<string> => testRoot.output(args);
      const shown = async (name: string): Promise<Shown> =>
        JSON.parse(await output(['get', 'checkpoint', name, '-o', 'json'])) as Shown;
      const safe = await testRoot.write('safe.yaml', declared('safe'));
      const waits = 'checkpoint/safe   waiting    waits for container/counter, which does not exist\n';
      assert.is(await output(['apply', '-f', safe]), `${waits}1 changed, 0 unchanged\n`);
      assert.is(await output(['apply', '-f', safe]), `${waits}0 changed, 1 unchanged\n`);
      const complete = output(['wait', 'checkpoint/safe']);
      const watch = testRoot.start(['get', 'checkpoints', '-w']);
      await watch.untilOutput(/safe +container\/counter +Pending/);
      assert.match(await apply(), /checkpoint\/safe +checkpointed +counter@1, \d+ KiB, frozen for \d+ ms/);
      assert.match(await complete, /^checkpoint\/safe +met +condition Complete\n$/);
      await watch.untilOutput(/safe +container\/counter +Complete .*counter@1/);
      await watch.end();
      const { status, metadata } = await shown('safe');
      assert.equal([status.phase, status.attempts, metadata.generation], ['Complete', 1, 1]);
      assert.ok(status.checkpoint.statistics.pages_written > 0 && status.checkpoint.frozenMs > 0);
      assert.equal(
        status.conditions.map(({ type, status: is, reason, observedGeneration }) => [
          type,
          is,
          reason,
          observedGeneration,
        ]),
        [
          ['Complete', 'True', 'Completed', 1],
          ['Failed', 'False', 'NotFailed', 1],
        ],
      );
      assert.match(await output(['apply', '-f', safe]), /checkpoint\/safe +unchanged +Complete\n0 changed/);
      assert.match(
        await output(['checkpoint', 'list']),
        /counter@1 .* checkpoint\/safe +of the present run, pinned/,
      );

      const registry = await startRegistry(path.join(directory, 'registry'));
      try {
        const config = await testRoot.write('c.yaml', `registries: { insecure: ['${registry.host}'] }\n`);
        const remote = `${registry.host}/ckpt/counter:1`;
        const archive = path.join(directory, 'counter.tar.zst');
        const both = await testRoot.write(
          'both.yaml',
          [
            declared('file', `to: { archive: { path: ${archive} } }, reclaimPolicy: Delete`),
            declared(
              'image',
              `to: { image: { name: localhost/counter-ckpt:1, pushTo: '${remote}' } }, reclaimPolicy: Delete`,
            ),
          ].join('---\n'),
        );
        assert.match(
          (await testRoot.tsctr(['diff', '-f', both])).stdout,
          /checkpoint\/file +checkpoint +does not exist yet\n.*is saved, and goes on/,
        );
        await output(['--config', config, 'apply', '-f', both]);
        const [file, image] = [await shown('file'), await shown('image')];
        assert.equal([file.status.phase, file.status.checkpoint.isKept], ['Complete', false]);
        assert.equal(
          [statSync(archive).size, statSync(archive).mode & 0o777],
          [file.status.product?.bytes, 0o600],
        );
        assert.is(image.status.pushed?.destination, `docker://${remote}`);
        execFileSync('/usr/bin/skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${remote}`]);
        assert.equal(
          [record().checkpoint?.id, record().olderCheckpoints],
          [1, []],
          'of its own there is as much as before',
        );
        assert.match(await output(['image', 'list']), /counter-ckpt:1/);
        const from = `restore: { from: { image: '${remote}', imagePullPolicy: Always } }`;
        const twin = counterManifest([from]).replace('name: counter', 'name: twin');
        const began = await output([
          '--config',
          config,
          'apply',
          '-f',
          await testRoot.write('twin.yaml', twin),
        ]);
        assert.match(began, /container\/twin +restored +pid \d+/);
        assert.match(
          await output(['describe', 'twin']),
          new RegExp(`at its first start, from the image ${remote}`),
        );
        const counted = async (): Promise<string> => output(['logs', 'twin']);
        await until(async () => numbersOf(await counted()).length > 0, { what: 'it counts on' });
        assert.is(startsOf(await counted()), 0, 'it has never begun anew');
        await output(['delete', 'twin']);
        await output(['delete', '-f', both]);
        assert.not.ok(existsSync(archive));
        assert.not.match(await output(['image', 'list']), /counter-ckpt:1/);
      } finally {
        await registry.stop();
      }

      const ended = await testRoot.write('safe.yaml', declared('safe', 'leaveRunning: false'));
      await output(['apply', '-f', ended]);
      assert.equal([record().state, (await shown('safe')).metadata.generation], ['Checkpointed', 2]);
      assert.match(
        await output(['delete', 'checkpoint', 'safe']),
        /removed +counter@\d+, counter@1 stays; remove it with: tsctr checkpoint remove/,
      );
      assert.match(
        (await testRoot.tsctr(['get', 'checkpoint', 'safe'])).stderr,
        /checkpoint\/safe: not found/,
      );
      await output(['restore', 'counter']);
      await untilCounting();
      assert.ok(isUnbroken(numbersOf(await log())));
      assert.is(startsOf(await log()), 1);
      await output(['delete', 'counter']);
    });
  },
);

onHost(
  '[ckpt.declared] without a daemon it is made by the command that brings its container to run, and a try that failed again when it is due',
  async () => {
    await withCounter(async ({ testRoot, apply, untilCounting }) => {
      await apply();
      await untilCounting();
      await testRoot.output(['stop', 'counter']);
      const port = await freePort();
      const host = `127.0.0.1:${String(port)}`;
      await testRoot.write('root/config.yaml', `registries: { insecure: ['${host}'] }\n`);
      const to = `to: { image: { name: localhost/late:1, pushTo: '${host}/late:1' } }`;
      const file = await testRoot.write('late.yaml', declared('late', `${to}, backoffLimit: 1`));
      const applied = await testRoot.output(['apply', '-f', file]);
      assert.match(applied, /waits for container\/counter, which is Exited/);
      const started = await testRoot.output(['start', 'counter']);
      assert.match(started, /checkpoint\/late +checkpointed +counter@1/);
      assert.match(started, /checkpoint\/late +waiting .*next try in/, 'there is no registry yet');
      const registry = await startRegistry(path.join(testRoot.directory, 'registry'), { port });
      try {
        assert.match(await testRoot.output(['wait', 'checkpoint/late']), /met +condition Complete/);
      } finally {
        await registry.stop();
      }
      const text = await testRoot.output(['get', 'checkpoint', 'late', '-o', 'json']);
      const { status } = JSON.parse(text) as Shown;
      assert.equal([status.attempts, status.failed], [1, 1]);
      assert.is(status.pushed?.destination, `docker://${host}/late:1`);
      await testRoot.output(['delete', 'counter']);
      await testRoot.output(['delete', 'checkpoint/late']);
    });
  },
);

const FAULTS = [
  'before:checkpoint.dump',
  'before:checkpoint.keep',
  'after:checkpoint.keep',
  'before:checkpoint.export',
];

onHost(
  '[ckpt.declared] tsctr killed at every effect of a declared checkpoint: the next apply goes on, and there is one',
  async () => {
    await withCounter(async (scene) => {
      const { testRoot, apply, record, log, untilCounting } = scene;
      await apply();
      await untilCounting();
      for (const [index, fault] of FAULTS.entries()) {
        const name = `safe-${String(index)}`;
        const archive = path.join(testRoot.directory, `${name}.tar`);
        const to = `to: { archive: { path: ${archive}, compression: none } }`;
        const file = await testRoot.write('safe.yaml', declared(name, `${to}, keep: true, pin: true`));
        assert.ok(await killAt(scene, fault, ['apply', '-f', file]), fault);
        await testRoot.output(['apply', '-f', file]);
        const { status } = JSON.parse(
          await testRoot.output(['get', 'checkpoint', name, '-o', 'json']),
        ) as Shown;
        assert.equal([status.phase, status.failed], ['Complete', 0], fault);
        const all = [record().checkpoint, ...record().olderCheckpoints];
        assert.is(all.length, index + 1, `${fault}: ${JSON.stringify(all)}`);
        assert.is(all[0]?.id, status.checkpoint.number, fault);
        assert.is(statSync(archive).size, status.product?.bytes, fault);
      }
      await untilCounting();
      assert.ok(isUnbroken(numbersOf(await log())));
      assert.is(startsOf(await log()), 1);
      await testRoot.output(['delete', 'counter']);
    });
  },
);

test.run();
