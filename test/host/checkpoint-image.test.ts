import { execFileSync } from 'node:child_process';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importArchive } from '../../engine/checkpoint/archive/import-archive.ts';
import { createLinuxKernel } from '../../native/index.ts';
import { PODMAN_ARCHIVE } from '../support/checkpoint-sample.ts';
import { missingForImages, openImageStore } from '../support/image-store.ts';
import { missingForRegistry, startRegistry } from '../support/registry.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';

const onHost = testUnless(test, missingForImages ?? missingForRegistry);
const NAME = 'localhost/web-ckpt:1';

/** podman's archive, as an image holds one: not compressed. */
function unpackedSample(file: string): Promise<void> {
  execFileSync('/usr/bin/zstd', ['--quiet', '--decompress', PODMAN_ARCHIVE, '-o', file]);
  return Promise.resolve();
}

onHost(
  '[ckpt.image] a checkpoint goes through a registry as an image, and is whole in another store',
  async () => {
    await withDirectory(async (directory) => {
      const registry = await startRegistry(path.join(directory, 'registry'));
      const open = (name: string) =>
        openImageStore(path.join(directory, name), { registry: { insecureRegistries: [registry.host] } });
      try {
        const here = open('here');
        const image = await here.packCheckpoint(NAME, unpackedSample);
        assert.equal([image.names, image.layers], [[NAME], 1]);
        const there = `${registry.host}/ckpt/web:1`;
        assert.is((await here.push(NAME, there)).destination, `docker://${there}`);
        const raw = execFileSync('/usr/bin/skopeo', [
          'inspect',
          '--raw',
          '--tls-verify=false',
          `docker://${there}`,
        ]);
        const { annotations } = JSON.parse(raw.toString('utf8')) as { annotations: Record<string, string> };
        assert.is(annotations['io.podman.annotations.checkpoint.runtime.name'], 'runc');

        const elsewhere = open('elsewhere');
        const { id } = await elsewhere.ensure(there, 'IfNotPresent');
        assert.equal(await readdir(path.join(directory, 'elsewhere/layers')), [], 'it is no root filesystem');
        assert.match((await rejectionOf(elsewhere.layerPaths(id))).message, /it is a checkpoint/);
        const archive = await elsewhere.checkpointArchive(there);
        // What is sent to a registry is compressed on the way.
        assert.equal(gunzipSync(await readFile(archive)), await readFile(await here.checkpointArchive(NAME)));
        const target = path.join(directory, 'checkpoint');
        await importArchive(createLinuxKernel(), { operation: 'test', archive, target });
        assert.ok((await readdir(path.join(target, 'images'))).includes('inventory.img'));
        // It is there: nothing is fetched for it again.
        const fetched = registry.fetchedBlobs().length;
        await elsewhere.ensure(there, 'IfNotPresent');
        assert.is(registry.fetchedBlobs().length, fetched);
      } finally {
        await registry.stop();
      }
    });
  },
);

onHost('[ckpt.image] what is no checkpoint, or no registry, is refused, and leaves nothing', async () => {
  await withDirectory(async (directory) => {
    const images = openImageStore(path.join(directory, 'images'));
    const bad = await rejectionOf(images.packCheckpoint(NAME, (file) => copyFile('/bin/true', file)));
    assert.match(bad.message, /checkpoint/);
    assert.equal(await readdir(path.join(directory, 'images/tmp')), []);
    assert.equal(await readdir(path.join(directory, 'images/blobs/sha256')), []);
    await images.packCheckpoint(NAME, unpackedSample);
    assert.match((await rejectionOf(images.push(NAME, null))).message, /names no registry/);
    assert.match(
      (await rejectionOf(images.push('localhost/none:1', 'r.example/x:1'))).message,
      /not in the store/,
    );
    const layout = path.join(directory, 'layout');
    await images.push(NAME, `oci:${layout}`);
    const other = openImageStore(path.join(directory, 'other'));
    await other.import(`oci:${layout}`, NAME);
    assert.ok((await other.checkpointArchive(NAME)).startsWith(path.join(directory, 'other')));
    await images.remove(NAME, new Set());
    assert.equal(await readdir(path.join(directory, 'images/blobs/sha256')), []);
  });
});

test.run();
