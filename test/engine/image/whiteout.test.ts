import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { whiteoutOf } from '../../../engine/image/whiteout.ts';

test('knows the names of whiteouts', () => {
  assert.is(whiteoutOf('e', 'file'), null);
  assert.is(whiteoutOf('e', '.whatever'), null);
  assert.is(whiteoutOf('e', 'a.wh.b'), null);
  assert.equal(whiteoutOf('e', '.wh.file'), { kind: 'hide', name: 'file' });
  assert.equal(whiteoutOf('e', '.wh...x'), { kind: 'hide', name: '..x' });
  assert.equal(whiteoutOf('e', '.wh..wh..opq'), { kind: 'opaque' });
  assert.equal(whiteoutOf('e', '.wh..wh.plnk'), { kind: 'metadata' });
});

test('refuses a whiteout of no name, or of the directory itself or its parent', () => {
  for (const base of ['.wh.', '.wh..', '.wh...']) {
    assert.throws(
      () => whiteoutOf(`dir/${base}`, base),
      new RegExp(`entry "dir/${base.replaceAll('.', '\\.')}".*no name`),
    );
  }
});

test.run();
