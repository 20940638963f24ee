import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration, ManifestError } from '../../../schemas/index.ts';

test('an empty file is all defaults', () => {
  const expected = { runtime: 'auto', manifests: '/etc/tsctr.d', registries: {} };
  assert.equal(loadConfiguration('', 'config.yaml'), expected);
  assert.equal(loadConfiguration('# nothing yet\n', 'config.yaml'), expected);
});

test('what is said counts, the rest is default', () => {
  const text = 'runtime: crun\nregistries:\n  insecure: ["127.0.0.1:5000"]\n';
  assert.equal(loadConfiguration(text, 'config.yaml'), {
    runtime: 'crun',
    manifests: '/etc/tsctr.d',
    registries: { insecure: ['127.0.0.1:5000'] },
  });
});

const BAD: readonly [name: string, text: string, expected: string][] = [
  ['a misspelt field', 'runtme: crun\n', 'c.yaml:1:1: runtme: unknown field, did you mean `runtime`?'],
  ['a wrong type', 'runtime: auto\nmanifests: [x]\n', 'c.yaml:2:12: manifests: '],
  ['a relative path', 'manifests: etc\n', 'c.yaml:1:12: manifests: '],
  ['two documents', 'runtime: auto\n---\nruntime: crun\n', 'c.yaml:3:1: expected one document'],
  ['no YAML', 'runtime: [\n', 'c.yaml:'],
];
for (const [name, text, expected] of BAD) {
  test(`${name} is refused with its place`, () => {
    try {
      loadConfiguration(text, 'c.yaml');
    } catch (error) {
      assert.instance(error, ManifestError);
      assert.ok((error as Error).message.startsWith(expected), (error as Error).message);
      return;
    }
    assert.unreachable('it was accepted');
  });
}

test.run();
