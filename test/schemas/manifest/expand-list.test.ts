import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSet, loadManifests, placesOfFields } from '../../../schemas/index.ts';

function load(text: string): { manifests: string[]; problems: string[] } {
  const { manifests, problems } = loadManifests(text, 'l.yaml');
  return {
    manifests: manifests.map(
      ({ manifest: { kind, metadata }, line, column }) =>
        `${kind} ${metadata.name} ${String(line)}:${String(column)}`,
    ),
    problems: [...problems, ...checkSet(manifests)].map(
      ({ line, column, field, message }) => `${String(line)}:${String(column)} ${field}: ${message}`,
    ),
  };
}

const LIST = `apiVersion: v1
kind: List
metadata: { resourceVersion: "" }
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: a }
  - apiVersion: v1
    kind: List
    items:
      - apiVersion: tsctr.dev/v1
        kind: Container
        metadata: { name: b }
        spec:
          image: localhost/demo:1
          hostname: b
---
apiVersion: v1
kind: Secret
metadata: { name: c }
`;

test('a List stands for what is in it, Lists in Lists as well', () => {
  assert.equal(load(LIST), {
    manifests: ['ConfigMap a 5:5', 'Container b 11:9', 'Secret c 18:1'],
    problems: [],
  });
});

test('problems and places are those of the item', () => {
  assert.equal(load(LIST.replace('hostname: b', 'hostnam: b')), {
    manifests: ['ConfigMap a 5:5', 'Secret c 18:1'],
    problems: ['16:11 items[1].items[0].spec.hostnam: unknown field, did you mean \`hostname\`?'],
  });
  assert.equal(load(LIST.replace('kind: Container', 'kind: ConfigMap')).problems, [
    '11:21 items[1].items[0].apiVersion: expected v1 for kind ConfigMap, found "tsctr.dev/v1"',
  ]);
  assert.equal(load(LIST.replace(/(name: )c/, '$1a').replace('kind: Secret', 'kind: ConfigMap')).problems, [
    '20:19 metadata.name: ConfigMap \`a\` stands a second time, the first is in l.yaml:5',
  ]);
  const [, container] = loadManifests(LIST, 'l.yaml').manifests;
  if (container === undefined) throw new Error('expected the container');
  assert.equal(placesOfFields(LIST, container)?.('spec.hostname'), { line: 16, column: 11 });
});

test('a duplicate within a List is reported at the item', () => {
  const twice = LIST.replace(
    /- apiVersion: tsctr[^]*hostname: b\n/,
    '- { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n',
  );
  assert.equal(load(twice).problems, [
    '11:62 items[1].items[0].metadata.name: ConfigMap \`a\` stands a second time, the first is in l.yaml:5',
  ]);
});

test('what is no list of manifests is refused', () => {
  const list = (rest: string): string[] => load(`apiVersion: v1\nkind: List\n${rest}`).problems;
  assert.equal(list(''), ['1:1 items: expected a list of manifests, found nothing']);
  assert.equal(list('items: {}'), ['3:8 items: expected a list of manifests, found a mapping']);
  assert.equal(list('items: []'), []);
  assert.equal(list('items: [x]'), [
    '3:9 items[0]: expected a mapping with apiVersion, kind, metadata and spec, found "x"',
  ]);
  assert.equal(list('itemz: []\nitems: []'), [
    '3:1 itemz: unknown field, a List has apiVersion, kind, metadata, items',
  ]);
  assert.equal(load('apiVersion: v2\nkind: List\nitems: []').problems, [
    '1:13 apiVersion: expected v1 for kind List, found "v2"',
  ]);
});

test('values that may be secrets are not told of in a List either', () => {
  const text = LIST.replace(
    'metadata: { name: a }',
    'metadata: { name: a }\n    data: { password: [hunter2] }',
  );
  const [problem] = loadManifests(text, 'l.yaml').problems;
  assert.match(problem?.field ?? '', 'items[0].data.password');
  assert.not.match(JSON.stringify(problem), 'hunter2');
});

test.run();
