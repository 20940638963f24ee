import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../engine/engine-error.ts';
import type { PullProgress } from '../../engine/contract/image-engine.ts';
import type { ImageEngineOptions, ImageStoreEngine } from '../../engine/image/create-image-engine.ts';
import { demoImageArchive } from '../support/demo-image.ts';
import { sha256, writeImageLayout } from '../support/image-layout.ts';
import { missingForImages, openImageStore } from '../support/image-store.ts';
import { missingForRegistry, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';
import { buildTar } from '../support/tar-builder.ts';

interface Setting {
  directory: string;
  registry: Registry;
  store: string;
  images: ImageStoreEngine;
  open: (options?: Partial<ImageEngineOptions>) => ImageStoreEngine;
}

/** bcrypt of `secret` for the user `me`. */
const HTPASSWD = 'me:$2b$05$b5gAcz3wYz9J/s0ViDsN6.6O73/k6z.9IMrbFhhY8SdLuPX5Sg4Qy';

function layer(name: string, content: string): { archive: Buffer; blob: Buffer } {
  const archive = buildTar([{ name, content }]);
  return { archive, blob: gzipSync(archive) };
}

function push(layout: string, target: string, ...options: string[]): void {
  const args = [
    'copy',
    '--quiet',
    '--dest-tls-verify=false',
    ...options,
    `oci:${layout}`,
    `docker://${target}`,
  ];
  execFileSync('/usr/bin/skopeo', args);
}

async function withRegistry(
  body: (setting: Setting) => Promise<void>,
  options: { htpasswd?: string } = {},
): Promise<void> {
  await withDirectory(async (directory) => {
    const registry = await startRegistry(path.join(directory, 'registry'), options);
    const store = path.join(directory, 'images');
    const open = (more: Partial<ImageEngineOptions> = {}): ImageStoreEngine =>
      openImageStore(store, { registry: { insecureRegistries: [registry.host] }, ...more });
    const images = open();
    try {
      await body({ directory, registry, store, images, open });
      await images.settled();
    } finally {
      await registry.stop();
    }
  });
}

const testPull = testUnless(test, missingForImages ?? missingForRegistry);

testPull('pulls from a registry, and fetches of a second image only what is new', async () => {
  await withRegistry(async ({ directory, registry, images }) => {
    const [base, one, two] = [layer('base', 'shared'), layer('one', '1'), layer('two', '2')];
    writeImageLayout(path.join(directory, 'one'), [base, one], { config: { Env: ['WHICH=one'] } });
    writeImageLayout(path.join(directory, 'two'), [base, two]);
    push(path.join(directory, 'one'), `${registry.host}/app/one:1`);
    push(path.join(directory, 'two'), `${registry.host}/app/two:1`);

    const progress: PullProgress[] = [];
    const reference = `${registry.host}/app/one:1`;
    const first = await images.ensure(reference, 'IfNotPresent', {
      onProgress: (step) => progress.push(step),
    });
    assert.is(first.reference, reference);
    assert.equal((await images.config(first.id)).Env, ['WHICH=one']);
    const layers = await images.layerPaths(first.id);
    assert.is(readFileSync(path.join(layers[0] ?? '', 'base'), 'utf8'), 'shared');
    assert.is(readFileSync(path.join(layers[1] ?? '', 'one'), 'utf8'), '1');
    assert.equal(progress.at(-1)?.phase, 'done');
    assert.equal(progress.at(-1)?.layersDone, 2);

    const second = await images.ensure(`docker://${registry.host}/app/two:1`, 'Always');
    assert.is((await images.layerPaths(second.id))[0], layers[0]);
    const fetched = registry.fetchedBlobs();
    for (const { blob } of [base, one, two]) {
      assert.is(fetched.filter((digest) => digest === sha256(blob)).length, 1, 'each layer was fetched once');
    }
    await images.ensure(reference, 'Always');
    assert.is(registry.fetchedBlobs().filter((digest) => digest === sha256(one.blob)).length, 1);
  });
});

testPull(
  'IfNotPresent and Never do not ask the registry for what is here; Always follows a tag that moves',
  async () => {
    await withRegistry(async ({ directory, registry, images, open }) => {
      const reference = `${registry.host}/app:1`;
      writeImageLayout(path.join(directory, 'old'), [layer('v', 'old')]);
      writeImageLayout(path.join(directory, 'new'), [layer('v', 'new')]);
      assert.is((await rejectionOf(images.ensure(reference, 'Never'))).code, 'IMAGE_NOT_FOUND');
      push(path.join(directory, 'old'), reference);
      const old = await images.ensure(reference, 'IfNotPresent');
      push(path.join(directory, 'new'), reference);
      const offline = open({ skopeoPath: '/nonexistent/skopeo' });
      assert.equal(await offline.ensure(reference, 'IfNotPresent'), old);
      assert.equal(await offline.ensure(reference, 'Never'), old);
      const moved = await images.ensure(reference, 'Always');
      assert.is.not(moved.id, old.id);
      assert.equal((await images.find(reference))?.id, moved.id);
      // Containers may still use the old one.
      assert.equal(
        (await images.list()).map(({ names }) => names),
        [[reference], []],
      );
      assert.ok((await images.layerPaths(old.id))[0]);
      const { removed } = await images.prune(new Set([moved.id]));
      assert.equal(
        removed.map(({ id }) => id),
        [old.id],
      );
    });
  },
);

testPull('who asks for the same image at the same time shares one pull', async () => {
  await withRegistry(async ({ directory, registry, images }) => {
    const app = layer('a', 'b');
    writeImageLayout(path.join(directory, 'app'), [app]);
    push(path.join(directory, 'app'), `${registry.host}/app:1`);
    const asked = Array.from({ length: 5 }, () => images.ensure(`${registry.host}/app:1`, 'Always'));
    const ids = new Set((await Promise.all(asked)).map(({ id }) => id));
    assert.is(ids.size, 1);
    assert.is(registry.fetchedBlobs().filter((digest) => digest === sha256(app.blob)).length, 1);
  });
});

testPull('says in plain words why a pull failed', async () => {
  await withRegistry(async ({ registry, images, open }) => {
    const fails = async (reference: string, code: string, words: RegExp, engine = images): Promise<void> => {
      const error = await rejectionOf(engine.ensure(reference, 'IfNotPresent'));
      assert.instance(error, EngineError);
      assert.is(error.code, code, error.message);
      assert.match(error.message, words);
      assert.ok(error.message.includes(reference), error.message);
    };
    await fails(`${registry.host}/no/such:1`, 'IMAGE_NOT_FOUND', /the registry does not have it/);
    await fails(
      `${registry.host}/no/such:1`,
      'IMAGE_PULL_FAILED',
      /speaks HTTP, expected HTTPS/,
      open({ registry: {} }),
    );
    await fails('127.0.0.1:1/no/such:1', 'IMAGE_PULL_FAILED', /connection refused/);
    await fails('localhost/no/such:1', 'IMAGE_NOT_FOUND', /the store does not have/);
    await fails('oci-archive:/no/such.tar', 'IMAGE_NOT_FOUND', /no such file/);
    await fails(
      `${registry.host}/no/such:1`,
      'TOOL_MISSING',
      /skopeo is not installed/,
      open({ skopeoPath: null }),
    );
  });
});

testPull('a registry with a password needs the file with credentials', async () => {
  await withRegistry(
    async ({ directory, registry, images, open }) => {
      writeImageLayout(path.join(directory, 'app'), [layer('a', 'b')]);
      push(path.join(directory, 'app'), `${registry.host}/app:1`, '--dest-creds=me:secret');
      const error = await rejectionOf(images.ensure(`${registry.host}/app:1`, 'IfNotPresent'));
      assert.is(error.code, 'IMAGE_PULL_FAILED');
      assert.match(error.message, /refuses access/);
      const authFile = path.join(directory, 'auth.json');
      const auth = Buffer.from('me:secret').toString('base64');
      writeFileSync(authFile, JSON.stringify({ auths: { [registry.host]: { auth } } }));
      chmodSync(authFile, 0o600);
      const trusted = open({ registry: { insecureRegistries: [registry.host], authFile } });
      assert.ok((await trusted.ensure(`${registry.host}/app:1`, 'IfNotPresent')).id);
      await trusted.settled();
    },
    { htpasswd: HTPASSWD },
  );
});

testPull('a blob that was cut off by a power failure is fetched again', async () => {
  await withRegistry(async ({ directory, registry, store, images, open }) => {
    const app = layer('a', 'b');
    const reference = `${registry.host}/app:1`;
    writeImageLayout(path.join(directory, 'app'), [app]);
    push(path.join(directory, 'app'), reference);
    const { id } = await images.ensure(reference, 'IfNotPresent');
    await images.settled();
    const blob = (digest: string): string => path.join(store, 'blobs/sha256', digest.slice('sha256:'.length));
    truncateSync(blob(sha256(app.blob)), 10);
    truncateSync(blob(id), 0);
    const again = open();
    assert.is(await again.find(reference), null);
    assert.equal(await again.ensure(reference, 'IfNotPresent'), { reference, id });
    assert.is(statSync(blob(sha256(app.blob))).size, app.blob.length);
    await again.settled();
  });
});

testUnless(test, missingForImages)(
  'archives and layouts are used in place of a name, or imported under one',
  async () => {
    await withDirectory(async (directory) => {
      const images = openImageStore(path.join(directory, 'images'));
      const archive = await demoImageArchive();
      const { id } = await images.import(`oci-archive:${archive}`, null);
      const [demo] = await images.list();
      assert.equal(demo?.names, ['localhost/demo:1']);
      assert.equal((await images.config(id)).Cmd, ['/bin/sh']);
      assert.equal(await images.rootStatus(id), { mode: 0o555, uid: 0, gid: 0 });

      for (const transport of ['docker-archive', 'oci', 'dir']) {
        const copy = path.join(directory, `copy-${transport}`);
        const target = transport === 'docker-archive' ? `${copy}:example.org/other:2` : copy;
        execFileSync('/usr/bin/skopeo', [
          'copy',
          '--quiet',
          `oci-archive:${archive}`,
          `${transport}:${target}`,
        ]);
        const used = await images.ensure(`${transport}:${copy}`, 'IfNotPresent');
        assert.equal(await images.layerPaths(used.id), await images.layerPaths(id), transport);
        assert.ok((await images.find(`${transport}:${copy}`))?.names.includes(`${transport}:${copy}`));
      }
      const named = await images.import(
        `docker-archive:${path.join(directory, 'copy-docker-archive')}`,
        null,
      );
      assert.ok(named.names.includes('example.org/other:2'), String(named.names));
      const unnamed = await rejectionOf(images.import(`dir:${path.join(directory, 'copy-dir')}`, null));
      assert.is(unnamed.code, 'BAD_REQUEST');
      assert.match(unnamed.message, /no name of its own/);
      assert.is(readdirSync(path.join(directory, 'images/layers')).length, 1, 'one layer, unpacked once');
      await images.settled();
    });
  },
);

testUnless(test, missingForImages)(
  'removes a name, and the image with its last one unless it is in use',
  async () => {
    await withDirectory(async (directory) => {
      const store = path.join(directory, 'images');
      const images = openImageStore(store);
      mkdirSync(path.join(directory, 'app'));
      writeImageLayout(path.join(directory, 'app'), [layer('a', 'b')]);
      const { id } = await images.import(`oci:${path.join(directory, 'app')}`, 'one:1');
      await images.import(`oci:${path.join(directory, 'app')}`, 'two:1');
      await images.settled();
      const inUse = new Set([id]);
      await images.remove('one:1', inUse);
      assert.equal((await images.list())[0]?.names, ['localhost/two:1']);
      const refused = await rejectionOf(images.remove('two:1', inUse));
      assert.is(refused.code, 'IMAGE_IN_USE');
      assert.equal(await images.prune(inUse), { removed: [], freedBytes: 0 });
      assert.is((await images.layerPaths(id)).length, 1);
      await images.remove(id.slice('sha256:'.length, 'sha256:'.length + 12), new Set());
      assert.equal(await images.list(), []);
      assert.equal(readdirSync(path.join(store, 'layers')), []);
      assert.equal(readdirSync(path.join(store, 'blobs/sha256')), []);
      assert.is((await rejectionOf(images.remove('two:1', inUse))).code, 'IMAGE_NOT_FOUND');
    });
  },
);

test.run();
