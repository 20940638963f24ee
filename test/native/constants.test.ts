import { constants } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as native from '../../native/index.ts';

test('a signal is found by its name with and without SIG', () => {
  assert.is(native.signalNumber('SIGTERM'), 15);
  assert.is(native.signalNumber('TERM'), 15);
  assert.is(native.signalNumber('SIGRTMIN+3'), 37);
  assert.is(native.signalNumber('RTMIN'), 34);
  assert.is(native.signalNumber('SIGRTMAX-1'), 63);
});

test('what is no signal has no number', () => {
  for (const name of ['', 'SIG', 'SIGNOPE', 'sigterm', 'SIGRTMIN+31', 'SIGRTMAX-31', 'toString']) {
    assert.is(native.signalNumber(name), undefined, name);
  }
});

test('a signal number and its name lead to each other', () => {
  for (let number = 1; number <= 64; number++) {
    // 32 and 33 belong to the C library.
    if (number === 32 || number === 33) continue;
    assert.is(native.signalNumber(native.signalName(number)), number);
  }
  assert.is(native.signalName(6), 'SIGABRT');
  assert.is(native.signalName(99), 'SIG99');
});

test('numbers that Node also has are the same', () => {
  assert.is(native.O_CLOEXEC & (native.O_DIRECTORY | native.O_NOFOLLOW), 0);
  assert.is(native.S_IFSOCK, constants.S_IFSOCK);
  assert.is(native.SIGKILL, osConstants.signals.SIGKILL);
});

test.run();
