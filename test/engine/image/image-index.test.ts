import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createImageIndexFile,
  withImage,
  withoutManifests,
  withoutNames,
} from '../../../engine/image/image-index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const [A, B] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];

test('a name that moves leaves its old image known without a name', () => {
  const first = withImage({ names: {}, manifests: [] }, A, 'x:1');
  const moved = withImage(first, B, 'x:1');
  assert.equal(moved, { names: { 'x:1': B }, manifests: [A, B] });
  assert.equal(withImage(moved, B, null), moved);
  assert.equal(withoutNames(moved, ['x:1']), { names: {}, manifests: [A, B] });
  assert.equal(withoutManifests(moved, [B]), { names: {}, manifests: [A] });
});

test('changes that come at the same time are all kept', async () => {
  await withDirectory(async (directory) => {
    const index = createImageIndexFile(path.join(directory, 'index.json'));
    assert.equal(await index.read(), { names: {}, manifests: [] });
    const names = Array.from({ length: 20 }, (_, i) => `x:${i}`);
    await Promise.all(names.map((name) => index.update((known) => withImage(known, A, name))));
    const again = await createImageIndexFile(path.join(directory, 'index.json')).read();
    assert.equal(Object.keys(again.names).sort(), names.sort());
  });
});

test('a change that fails is told to its caller alone', async () => {
  await withDirectory(async (directory) => {
    const index = createImageIndexFile(path.join(directory, 'index.json'));
    const failing = index.update(() => {
      throw new Error('no');
    });
    const next = index.update((known) => withImage(known, A, 'x:1'));
    assert.is((await rejectionOf(failing)).message, 'no');
    await next;
    assert.equal((await index.read()).names, { 'x:1': A });
  });
});

for (const text of [
  '',
  '{}',
  '[]',
  'null',
  '{"schemaVersion":2,"names":{},"manifests":[]}',
  `{"schemaVersion":1,"names":{"x":"../../etc"},"manifests":[]}`,
]) {
  test(`a damaged index is an error and not an empty store: ${text}`, async () => {
    await withDirectory(async (directory) => {
      const file = path.join(directory, 'index.json');
      writeFileSync(file, text);
      const index = createImageIndexFile(file);
      const error = await rejectionOf(index.read());
      assert.is(error.code, 'IMAGE_INVALID');
      assert.ok(error.message.includes(file));
      await rejectionOf(index.update((known) => withImage(known, A, 'x:1')));
      assert.is(readFileSync(file, 'utf8'), text);
    });
  });
}

test.run();
