import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import { testUnless } from '../support/skip.ts';

const onHost = testUnless(test, await missingForCheckpoints());
const NAME = 'localhost/counter-ckpt:1';

onHost(
  '[ckpt.image] tsctr checkpoint --image makes an image that podman takes for a checkpoint, and restore takes it',
  async () => {
    await withCounter(async ({ testRoot, apply, untilCounting, record, log }) => {
      await apply();
      await untilCounting();
      const both = await testRoot.tsctr(['checkpoint', 'counter', '--image', NAME, '--export', '/x.tar']);
      assert.match(both.stderr, /--image and --export exclude each other/);
      const told = await testRoot.output(['checkpoint', 'counter', '-R', '--image', NAME]);
      assert.match(told, /container\/counter +exported +image localhost\/counter-ckpt:1/);
      assert.is(record().state, 'Running');
      const layout = `${testRoot.directory}/layout`;
      await testRoot.output(['image', 'push', NAME, `oci:${layout}`]);
      const manifest = JSON.parse(
        execFileSync('/usr/bin/skopeo', ['inspect', '--raw', `oci:${layout}`]).toString('utf8'),
      ) as { layers: unknown[]; annotations: Record<string, string> };
      assert.is(manifest.layers.length, 1);
      const { annotations } = manifest;
      assert.is(annotations['io.podman.annotations.checkpoint.name'], 'counter');
      assert.is(annotations['io.podman.annotations.checkpoint.rootfsImageName'], 'localhost/demo:1');
      assert.match(annotations['io.podman.annotations.checkpoint.runtime.name'] ?? '', /^(runc|crun)$/);
      await testRoot.output(['stop', 'counter']);
      await testRoot.output(['restore', 'counter', '--image', NAME]);
      await untilCounting();
      assert.is(startsOf(await log()), 1, 'it goes on where it was');
      await testRoot.output(['delete', 'counter']);
    });
  },
);

test.run();
