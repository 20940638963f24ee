import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { damagedLayers, hostileLayers } from '../support/hostile-layers.ts';
import { writeImageLayout } from '../support/image-layout.ts';
import { missingForImages, openImageStore } from '../support/image-store.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';
import { buildTar } from '../support/tar-builder.ts';

const LIMITS = { maxBytes: 2 ** 40 };

/** After a prune nothing of refused images is left. */
function assertEmpty(store: string): void {
  for (const directory of ['layers', 'tmp', 'blobs/sha256']) {
    assert.equal(readdirSync(path.join(store, directory)), [], directory);
  }
}

testUnless(test, missingForImages)('root unpacks no hostile layer, and nothing of one is left', async () => {
  await withDirectory(async (directory) => {
    const outside = path.join(directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'victim'), 'untouched');
    const store = path.join(directory, 'images');
    const images = openImageStore(store, { limits: LIMITS, threads: 1 });
    for (const [i, { what, archive, entry, reason }] of hostileLayers(outside).entries()) {
      const layout = path.join(directory, `layout-${i}`);
      // Compressed as in a registry, and beside a layer that is in order.
      const good = buildTar([{ name: 'good', content: what }]);
      writeImageLayout(layout, [{ archive: good }, { archive, blob: gzipSync(archive) }]);
      const error = await rejectionOf(images.import(`oci:${layout}`, `localhost/hostile:${i}`));
      assert.is(error.code, 'LAYER_REFUSED', `${what}: ${error.message}`);
      assert.ok(error.message.includes(`entry "${entry}`), `${what}: names the entry: ${error.message}`);
      assert.match(error.message, reason, what);
      assert.equal(await images.list(), [], what);
      await images.prune(new Set());
      assertEmpty(store);
    }
    assert.equal(readdirSync(outside), ['victim']);
    assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'untouched');
    assert.is(statSync(path.join(outside, 'victim')).nlink, 1);
  });
});

testUnless(test, missingForImages)(
  'a damaged or exchanged layer is refused, and the store stays as it was',
  async () => {
    await withDirectory(async (directory) => {
      const store = path.join(directory, 'images');
      const images = openImageStore(store, { limits: LIMITS, threads: 1 });
      for (const [i, { what, blob, reason }] of damagedLayers().entries()) {
        const layout = path.join(directory, `layout-${i}`);
        writeImageLayout(layout, [{ archive: blob, blob }]);
        const error = await rejectionOf(images.import(`oci:${layout}`, `localhost/damaged:${i}`));
        assert.match(error.message, reason, what);
      }
      const layout = path.join(directory, 'exchanged');
      writeImageLayout(layout, [{ archive: buildTar([{ name: 'a' }]) }], {
        diffIds: [`sha256:${'1'.repeat(64)}`],
      });
      const error = await rejectionOf(images.import(`oci:${layout}`, 'localhost/exchanged:1'));
      assert.is(error.code, 'IMAGE_INVALID');
      assert.match(error.message, /the content is another one/);
      await images.prune(new Set());
      assertEmpty(store);
    });
  },
);

test.run();
