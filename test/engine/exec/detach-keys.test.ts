import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DetachFilter, parseDetachKeys } from '../../../engine/exec/detach-keys.ts';

/** What is passed on of these pieces of input, and whether the keys were in them. */
function feed(keys: string, ...chunks: string[]): { passed: string; detached: boolean } {
  const filter = new DetachFilter(parseDetachKeys(keys));
  let passed = '';
  for (const chunk of chunks) {
    const { pass, detached } = filter.feed(Buffer.from(chunk, 'latin1'));
    passed += pass.toString('latin1');
    if (detached) return { passed, detached };
  }
  return { passed: passed + filter.rest().toString('latin1'), detached: false };
}

test('keys are read as bytes', () => {
  assert.equal([...parseDetachKeys('ctrl-p,ctrl-q')], [0x10, 0x11]);
  assert.equal([...parseDetachKeys('a,ctrl-@,ctrl-[,CTRL-Z')], [0x61, 0x00, 0x1b, 0x1a]);
  assert.equal([...parseDetachKeys('')], []);
});

for (const text of ['ctrl-', 'ctrl-1', 'pq', 'ctrl-p,', 'é']) {
  test(`\`${text}\` is refused with what is expected`, () => {
    assert.throws(() => parseDetachKeys(text), /read detach keys .*unknown key .*such as ctrl-p,ctrl-q/);
  });
}

test('what comes before the keys is passed on, what comes after is not', () => {
  assert.equal(feed('ctrl-p,ctrl-q', 'abc\x10\x11def'), { passed: 'abc', detached: true });
});

test('keys are found across pieces', () => {
  assert.equal(feed('ctrl-p,ctrl-q', 'a\x10', '\x11'), { passed: 'a', detached: true });
});

test('a beginning that does not go on is passed on', () => {
  assert.equal(feed('ctrl-p,ctrl-q', '\x10', 'x\x11'), { passed: '\x10x\x11', detached: false });
  assert.equal(feed('ctrl-p,ctrl-q', 'end\x10'), { passed: 'end\x10', detached: false });
});

test('a beginning within a beginning counts', () => {
  assert.equal(feed('ctrl-p,ctrl-q', '\x10\x10\x11'), { passed: '\x10', detached: true });
  assert.equal(feed('a,a,b', 'aaab'), { passed: 'a', detached: true });
});

test('without keys everything is passed on', () => {
  assert.equal(feed('', '\x10\x11'), { passed: '\x10\x11', detached: false });
});

test.run();
