import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createIdSource } from '../../../cli/local/id-source.ts';

test('every id is another one, of 64 digits', () => {
  const newId = createIdSource();
  const ids = Array.from({ length: 1000 }, newId);
  assert.is(new Set(ids).size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
  assert.is.not(createIdSource()(), createIdSource()());
});

test.run();
