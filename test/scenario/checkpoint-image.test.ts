import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { counterManifest, numbersOf, startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import { demoImageArchive } from '../support/demo-image.ts';
import { missingForPodman, withPodman } from '../support/podman.ts';
import { missingForRegistry, startRegistry } from '../support/registry.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, (await missingForCheckpoints()) ?? missingForRegistry);
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
      assert.match(await testRoot.output(['image', 'prune']), /^0 removed/, 'its memory may be nowhere else');
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

testUnless(test, (await missingForCheckpoints()) ?? missingForPodman() ?? missingForRegistry)(
  '[ckpt.image] podman restores from the image that tsctr makes',
  async () => {
    await withCounter(async ({ testRoot, apply, untilCounting, log }) => {
      await apply();
      await untilCounting();
      await testRoot.output(['checkpoint', 'counter', '--image', NAME]);
      const saved = numbersOf(await log()).at(-1) ?? 0;
      const registry = await startRegistry(path.join(testRoot.directory, 'registry'));
      const remote = `${registry.host}/ckpt/counter:1`;
      try {
        const config = await testRoot.write('c.yaml', `registries: { insecure: ['${registry.host}'] }\n`);
        await testRoot.output(['--config', config, 'image', 'push', NAME, remote]);
        await withPodman('runc', async ({ run }) => {
          await run('load', '--input', await demoImageArchive());
          await run('container', 'restore', await run('pull', '--quiet', '--tls-verify=false', remote));
          await until(async () => numbersOf(await run('logs', 'counter')).length > 3, { what: 'it counts' });
          assert.is(numbersOf(await run('logs', 'counter'))[0], saved + 1);
        });
      } finally {
        await registry.stop();
      }
      await testRoot.output(['delete', 'counter']);
    });
  },
);

onHost(
  '[ckpt.image] [restore.from] [restore.same-image] pushed to a registry, it goes on under another root, which trusts its maker, or the registry; an image that is missing is pulled',
  async () => {
    await withCounter(async (here) => {
      const registry = await startRegistry(path.join(here.testRoot.directory, 'registry'));
      const remote = `${registry.host}/ckpt/counter:1`;
      try {
        const insecure = `registries: { insecure: ['${registry.host}'] }\n`;
        const plain = await here.testRoot.write('plain.yaml', insecure);
        await here.apply();
        await here.untilCounting();
        await here.testRoot.output(['checkpoint', 'counter', '--image', NAME]);
        await here.testRoot.output(['--config', plain, 'image', 'push', NAME, remote]);
        const base = `${registry.host}/demo:1`;
        await here.testRoot.output(['--config', plain, 'image', 'push', 'localhost/demo:1', base]);
        const saved = numbersOf(await here.log()).at(-1) ?? 0;
        await here.testRoot.output(['delete', 'counter']);
        await withCounter(async (there) => {
          await there.apply();
          await there.untilCounting();
          await there.testRoot.output(['stop', 'counter']);
          const before = numbersOf(await there.log()).length;
          const words = ['restore', 'counter', '--image', remote];
          const refused = await there.testRoot.tsctr(['--config', plain, ...words]);
          assert.match(
            refused.stderr + refused.stdout,
            /the image \S+ckpt\/counter:1 is not of this instance/,
          );
          // It says by whom it was made: who trusts that one writes it down.
          const key = /it was made by (ed25519:[\w-]{43})/.exec(refused.stderr + refused.stdout)?.[1] ?? '';
          assert.is((await here.testRoot.output(['checkpoint', 'key'])).trim(), key);
          const trusting = await there.testRoot.write(
            'trusting.yaml',
            `${insecure}checkpoints: { trust: { keys: ['${key}'] } }\n`,
          );
          await there.testRoot.output(['--config', trusting, ...words]);
          await until(async () => numbersOf(await there.log()).length > before + 3, { what: 'it counts on' });
          assert.is(numbersOf(await there.log())[before], saved + 1, 'where it was saved');

          const byRegistry = async (place: string): Promise<string> => {
            const text = `${insecure}checkpoints: { trust: { registries: ['${place}'] } }\n`;
            const config = await there.testRoot.write('registry.yaml', text);
            const { stdout, stderr } = await there.testRoot.tsctr(['--config', config, ...words]);
            return stdout + stderr;
          };
          await there.testRoot.output(['stop', 'counter']);
          assert.match(await byRegistry(`${registry.host}/ck`), /is not of this instance/);
          assert.match(await byRegistry(`${registry.host}/ckpt`), /restored +pid \d+/);
          const file = path.join(there.testRoot.directory, 'counter.tar');
          await there.testRoot.output(['checkpoint', 'counter', '--export', file]);
          const pulled = counterManifest()
            .replace('name: counter', 'name: pulled')
            .replace('localhost/demo:1', base);
          const yaml = await there.testRoot.write('pulled.yaml', pulled);
          assert.not((await there.testRoot.output(['image', 'list'])).includes(base));
          const told = await there.testRoot.output(['--config', plain, 'restore', file, '-f', yaml]);
          assert.match(told, /container\/pulled +restored/);
          assert.ok((await there.testRoot.output(['image', 'list'])).includes(`${registry.host}/demo`));
          await there.testRoot.output(['delete', 'counter', 'pulled']);
        });
      } finally {
        await registry.stop();
      }
    });
  },
);

test.run();
