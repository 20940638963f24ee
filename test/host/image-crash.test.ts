import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeImageLayout } from '../support/image-layout.ts';
import { missingForImages, openImageStore } from '../support/image-store.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';
import { buildTar } from '../support/tar-builder.ts';
import { until } from '../support/until.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const FILES = 600;
const LAYERS = 3;

/** Layers whose files each say where they belong. */
function writeLargeImage(directory: string): void {
  const layers = Array.from({ length: LAYERS }, (_, layer) => {
    const files = Array.from({ length: FILES }, (_unused, i) => ({
      name: `l${layer}/d${i % 50}/f${i}`,
      content: `layer ${layer} file ${i} `.repeat(i % 100),
    }));
    const archive = buildTar(files);
    return { archive, blob: gzipSync(archive, { level: 1 }) };
  });
  writeImageLayout(directory, layers);
}

function listOrNothing(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** When to kill: each names a state of the store that lies in the middle of the import. */
const MOMENTS: [when: string, isNow: (store: string) => boolean][] = [
  [
    'skopeo copies',
    (store) => listOrNothing(path.join(store, 'tmp')).some((name) => name.startsWith('fetch-')),
  ],
  [
    'the first layer is half unpacked',
    (store) =>
      listOrNothing(path.join(store, 'tmp')).some((name) =>
        existsSync(path.join(store, 'tmp', name, 'diff/l0/d10')),
      ),
  ],
  ['one layer is there and others are not', (store) => listOrNothing(path.join(store, 'layers')).length > 0],
  ['all layers are there', (store) => listOrNothing(path.join(store, 'layers')).length === LAYERS],
];

for (const [when, isNow] of MOMENTS) {
  testUnless(test, missingForImages)(`kill -9 when ${when} leaves a store that works`, async () => {
    await withDirectory(async (directory) => {
      const [layout, store] = [path.join(directory, 'layout'), path.join(directory, 'images')];
      writeLargeImage(layout);
      const script = path.join(REPOSITORY, 'test/support/import-image.ts');
      const args = ['--import', 'tsx', script, store, `oci:${layout}`, 'localhost/large:1'];
      const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: 'ignore', detached: true });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await until(() => isNow(store), { what: when, timeoutMs: 20_000 });
      // Its skopeo is in a group of its own, and ends by itself.
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;

      for (const layer of listOrNothing(path.join(store, 'layers')))
        assertWhole(path.join(store, 'layers', layer));
      const images = openImageStore(store);
      const { id } = await images.import(`oci:${layout}`, 'localhost/large:1');
      const layers = await images.layerPaths(id);
      assert.is(layers.length, LAYERS);
      for (const [i, layer] of layers.entries()) {
        assertWhole(path.dirname(layer));
        assert.is(
          readFileSync(path.join(layer, `l${i}/d41/f591`), 'utf8'),
          `layer ${i} file 591 `.repeat(91),
        );
      }
      assert.equal(readdirSync(path.join(store, 'tmp')), [], 'nothing unfinished is left');
      await images.settled();
    });
  });
}

/** All that a layer should have is there, with its record. */
function assertWhole(layer: string): void {
  const { entries } = JSON.parse(readFileSync(path.join(layer, 'layer.json'), 'utf8')) as { entries: number };
  assert.is(entries, FILES);
  const names = readdirSync(path.join(layer, 'diff'), { recursive: true }).map(String);
  const files = names.filter((name) => /\/f\d+$/.test(name));
  assert.is(files.length, FILES);
  for (const file of files) {
    const i = Number(/\d+$/.exec(file)?.[0]);
    const layerNumber = Number(/^l(\d+)/.exec(file)?.[1]);
    const size = `layer ${layerNumber} file ${i} `.length * (i % 100);
    assert.is(statSync(path.join(layer, 'diff', file)).size, size, file);
  }
}

testUnless(test, missingForImages)('a layer that the power may have cut off is unpacked anew', async () => {
  await withDirectory(async (directory) => {
    const [layout, store] = [path.join(directory, 'layout'), path.join(directory, 'images')];
    writeImageLayout(layout, [{ archive: buildTar([{ name: 'file', content: 'whole' }]) }]);
    const images = openImageStore(store);
    const { id } = await images.import(`oci:${layout}`, 'localhost/app:1');
    await images.settled();
    const [diff = ''] = await images.layerPaths(id);
    const record = path.join(path.dirname(diff), 'layer.json');
    const settled = JSON.parse(readFileSync(record, 'utf8')) as { unsettledIn: string | null };
    assert.is(settled.unsettledIn, null);

    // As after a power failure before the data were written out: another boot, and an empty file.
    writeFileSync(record, JSON.stringify({ ...settled, unsettledIn: 'another boot' }));
    writeFileSync(path.join(diff, 'file'), '');
    const again = openImageStore(store);
    assert.equal(await again.ensure('localhost/app:1', 'IfNotPresent'), { reference: 'localhost/app:1', id });
    assert.is(readFileSync(path.join(diff, 'file'), 'utf8'), 'whole');
    await again.settled();
  });
});

test.run();
