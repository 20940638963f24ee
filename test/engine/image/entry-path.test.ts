import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryPath, hardLinkPath, splitPath } from '../../../engine/image/entry-path.ts';

test('drops what does not matter in a name', () => {
  assert.is(entryPath('usr/bin/ls'), 'usr/bin/ls');
  assert.is(entryPath('./usr//bin/'), 'usr/bin');
  assert.is(entryPath('a/./b'), 'a/b');
  assert.is(entryPath('./'), '');
  assert.is(entryPath('.'), '');
  assert.is(entryPath('/'), '');
  assert.is(entryPath('...'), '...');
  assert.is(entryPath('a..b/..c'), 'a..b/..c');
});

const REFUSED: [name: string, reason: RegExp][] = [
  ['../x', /leads upwards/],
  ['a/../../x', /leads upwards/],
  ['a/..', /leads upwards/],
  ['..', /leads upwards/],
  ['/etc/passwd', /absolute/],
  ['//etc', /absolute/],
  ['', /no name/],
  ['d/'.repeat(10_000), /bytes long/],
  ['n'.repeat(256), /more than 255 bytes/],
  ['ü'.repeat(128), /more than 255 bytes/],
];

for (const [name, reason] of REFUSED) {
  test(`refuses ${JSON.stringify(name.slice(0, 20))} and names it`, () => {
    assert.throws(() => entryPath(name), reason);
    assert.throws(
      () => entryPath(name),
      (error: Error) => error.message.includes(JSON.stringify(name.slice(0, 100)).slice(0, -1)),
    );
  });
}

test('the target of a hard link is meant from the root of the layer', () => {
  assert.is(hardLinkPath('l', 'usr/bin/su'), 'usr/bin/su');
  assert.is(hardLinkPath('l', '/usr/bin/su'), 'usr/bin/su');
  assert.throws(() => hardLinkPath('l', '../su'), /entry "l".*leads upwards/);
  assert.throws(() => hardLinkPath('l', './'), /to nothing/);
});

test('splits a path into directory and last component', () => {
  assert.equal(splitPath('a/b/c'), { directory: 'a/b', base: 'c' });
  assert.equal(splitPath('c'), { directory: '', base: 'c' });
});

test.run();
