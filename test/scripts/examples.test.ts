import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadManifests } from '../../schemas/index.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');
const names = readdirSync(EXAMPLES);

test('there are examples', () => {
  assert.ok(names.length >= 4);
});

for (const name of names) {
  test(`examples/${name} is a valid manifest of a name of its own`, () => {
    const { manifests, problems } = loadManifests(readFileSync(path.join(EXAMPLES, name), 'utf8'), name);
    assert.equal(problems, []);
    assert.ok(manifests.length > 0);
  });
}

test.run();
