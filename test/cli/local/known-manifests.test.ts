import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KnownManifests } from '../../../cli/local/known-manifests.ts';
import { checkSet, loadManifests } from '../../../schemas/index.ts';
import { containerText } from '../../support/manifest-text.ts';

function counted(): { load: typeof loadManifests; count: () => number } {
  let calls = 0;
  return {
    load: (text, file) => {
      calls += 1;
      return loadManifests(text, file);
    },
    count: () => calls,
  };
}

test('a text that was read before is not parsed again, and gives the same with places', () => {
  const known = new KnownManifests();
  const { load, count } = counted();
  const first = known.load(containerText('web'), 'web.yaml', load);
  const again = known.load(containerText('web'), 'web.yaml', load);
  assert.is(count(), 1);
  assert.equal(again, first);
  const [problem] = checkSet([...first.manifests, ...again.manifests]);
  assert.is(problem?.file, 'web.yaml');
  assert.ok((problem?.excerpt ?? null) !== null, 'the place is known');
  first.manifests.pop();
  assert.is(known.load(containerText('web'), 'web.yaml', load).manifests.length, 1);
});

test('another text, and the same of another file, are read', () => {
  const known = new KnownManifests();
  const { load, count } = counted();
  for (const [name, file] of [
    ['web', 'web.yaml'],
    ['web', 'other.yaml'],
    ['api', 'web.yaml'],
  ] as const) {
    assert.is(known.load(containerText(name), file, load).manifests[0]?.file, file);
  }
  assert.is(count(), 3);
});

test('neither what is wrong, nor what holds a secret, nor what is large is remembered', () => {
  const known = new KnownManifests();
  const { load, count } = counted();
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { key: value }\n';
  const texts = ['kind: Nonsense\n', secret, `${containerText('web')}#${' '.repeat(70_000)}\n`];
  for (const text of [...texts, ...texts]) known.load(text, 'a.yaml', load);
  assert.is(count(), 6);
});

test('the oldest is forgotten when there are too many', () => {
  const known = new KnownManifests();
  const { load, count } = counted();
  for (let i = 0; i <= 2000; i += 1) known.load(`# ${i}`, 'a.yaml', load);
  known.load('# 2000', 'a.yaml', load);
  assert.is(count(), 2001);
  known.load('# 0', 'a.yaml', load);
  assert.is(count(), 2002);
});

test.run();
