import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ErrnoError, errnoName, hasErrno } from '../../native/index.ts';

test('every errno that Node knows has its name', () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    const expected = { EWOULDBLOCK: 'EAGAIN', EOPNOTSUPP: 'ENOTSUP' }[name] ?? name;
    assert.is(errnoName(number), expected);
  }
});

test('errnos that only Linux has are named, and unknown ones are shown', () => {
  assert.is(errnoName(117), 'EUCLEAN');
  assert.is(errnoName(122), 'EDQUOT');
  assert.is(errnoName(4000), 'E4000');
});

test('an ErrnoError says the call, the object and the code', () => {
  const error = new ErrnoError('mount', 'EBUSY', 16, '/a');
  assert.is(error.message, 'mount /a: EBUSY');
  assert.is(new ErrnoError('kill', 'ESRCH', 3).message, 'kill: ESRCH');
});

test('hasErrno tells codes of ours and of Node from other errors', () => {
  const ours = new ErrnoError('mount', 'EBUSY', 16);
  const nodes = Object.assign(new Error('x'), { code: 'ENOENT' });
  assert.ok(hasErrno(ours, 'ENOENT', 'EBUSY'));
  assert.ok(hasErrno(nodes, 'ENOENT'));
  assert.not(hasErrno(ours, 'ENOENT'));
  assert.not(hasErrno(new Error('EBUSY'), 'EBUSY'));
  assert.not(hasErrno({ code: 'EBUSY' }, 'EBUSY'));
});

test.run();
