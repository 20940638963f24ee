import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { formatYaml } from '../../../cli/output/yaml.ts';

test('lists stand in the column of their key, as kubectl writes them', () => {
  const value = { kind: 'List', items: [{ name: 'a', ports: [80, 81] }, { name: 'b' }], none: [], empty: {} };
  assert.is(
    formatYaml(value),
    'kind: List\nitems:\n- name: a\n  ports:\n  - 80\n  - 81\n- name: b\nnone: []\nempty: {}\n',
  );
});

test('what would read back as something else is quoted', () => {
  const words = [
    'no',
    'True',
    'null',
    '',
    '12',
    '0x1f',
    '1e3',
    '2026-01-01',
    'a: b',
    'a #b',
    '- a',
    '*a',
    '~',
    '.5',
    'E0',
    'e+12',
    'a\nb',
  ];
  const text = formatYaml(words);
  for (const version of ['1.1', '1.2'] as const) assert.equal(parse(text, { version }), words);
});

test('any JSON reads back as itself, by YAML 1.1 and 1.2', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, (value) => {
      const expected: unknown = JSON.parse(JSON.stringify(value));
      const text = formatYaml(value);
      for (const version of ['1.1', '1.2'] as const) {
        assert.equal(parse(text, { version, uniqueKeys: false }), expected, text);
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
