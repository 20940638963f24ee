import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSet, loadManifests } from '../../../schemas/index.ts';
import type { LoadedManifest } from '../../../schemas/index.ts';

function load(text: string, file = 'a.yaml'): LoadedManifest[] {
  const { manifests, problems } = loadManifests(text, file);
  assert.equal(problems, []);
  return manifests;
}

const container = (name: string, dependsOn: string[] = []): string =>
  `apiVersion: tsctr.dev/v1\nkind: Container\nmetadata:\n  name: ${name}\nspec:\n  image: a\n  dependsOn: [${dependsOn.join(', ')}]\n`;
const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: a, image: b }] }\n`;

const print = (manifests: LoadedManifest[]): string[] =>
  checkSet(manifests).map((p) => `${p.file}:${String(p.line)}:${String(p.column)}: ${p.field}: ${p.message}`);

test('two documents of one kind and name are refused, with the place of the first', () => {
  const manifests = [
    ...load(`${container('web')}---\n${container('db')}`),
    ...load(`# two\n${container('web')}`, 'b.yaml'),
  ];
  assert.equal(print(manifests), [
    'b.yaml:5:9: metadata.name: Container `web` stands a second time, the first is in a.yaml:1',
  ]);
  assert.is(
    checkSet(manifests)[0]?.excerpt,
    ['    4 | metadata:', '    5 |   name: web', '      |         ^^^'].join('\n'),
  );
});

test('a Container and a Pod may have the same name', () => {
  assert.equal(print([...load(container('web')), ...load(pod('web'))]), []);
});

test('[life.deps] a circle of dependencies is refused, and the circle is printed', () => {
  const text = [
    container('a', ['x', 'b']),
    container('b', ['c']),
    container('c', ['a']),
    container('d', ['a']),
  ].join('---\n');
  assert.equal(print(load(text)), [
    'a.yaml:23:15: spec.dependsOn[0]: the dependencies go in a circle: a → b → c → a',
  ]);
});

test('two circles are two problems', () => {
  const text = [
    container('a', ['b']),
    container('b', ['a', 'c']),
    container('c', ['d']),
    container('d', ['c']),
  ].join('---\n');
  assert.equal(
    checkSet(load(text)).map(({ message }) => message.replace(/.*: /, '')),
    ['a → b → a', 'c → d → c'],
  );
});

test('a dependency on a container that is not in the set, or twice on one that is, is no circle', () => {
  const text = [container('a', ['b', 'c', 'other']), container('b', ['c']), container('c')].join('---\n');
  assert.equal(print(load(text)), []);
});

test('a chain of ten thousand containers is read to its end', () => {
  const [first] = load(container('c'));
  if (first?.manifest.kind !== 'Container') throw new Error('expected a Container');
  const { manifest } = first;
  const chain = Array.from({ length: 10_000 }, (_, i): LoadedManifest => {
    const metadata = { name: `c${String(i)}` };
    return {
      ...first,
      manifest: {
        ...manifest,
        metadata,
        spec: { ...manifest.spec, dependsOn: [`c${String((i + 1) % 10_000)}`] },
      },
    };
  });
  assert.equal(checkSet(chain.slice(0, -1)), []);
  assert.is(checkSet(chain).length, 1);
});

test('manifests that come from no text are reported where they say to begin', () => {
  const [loaded] = load(container('a'));
  if (loaded === undefined) throw new Error('expected a manifest');
  const copy = { ...loaded, file: 'copy.yaml' };
  assert.equal(checkSet([loaded, copy]), [
    {
      file: 'copy.yaml',
      line: 1,
      column: 1,
      length: 1,
      field: 'metadata.name',
      message: 'Container `a` stands a second time, the first is in a.yaml:1',
      code: 'duplicate',
      excerpt: null,
    },
  ]);
});

test.run();
