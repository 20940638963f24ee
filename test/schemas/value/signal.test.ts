import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ValueError, formatSignal, parseSignal } from '../../../schemas/index.ts';

test("every signal that the system names has the system's number", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === 'SIGUNUSED') continue;
    assert.is(parseSignal(name), number, name);
  }
});

test('[spec.timezone-umask-init] a stop signal is read by name, with or without SIG and in any case, and by number', () => {
  const table: [string, number][] = [
    ['TERM', 15],
    ['sigterm', 15],
    ['9', 9],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmin+30', 64],
    ['RTMAX', 64],
    ['RTMAX-14', 50],
    ['64', 64],
  ];
  for (const [text, number] of table) assert.is(parseSignal(text), number, text);
});

test('what is no signal is refused, with the one that was likely meant', () => {
  for (const text of [
    '',
    '0',
    '65',
    '-9',
    'RTMIN+31',
    'RTMAX-31',
    'RTMIN-1',
    'SIG',
    'toString',
    '9.0',
    'TERM ',
  ]) {
    assert.throws(
      () => parseSignal(text),
      (error: unknown) => error instanceof ValueError && error.code === 'BAD_SIGNAL' && error.value === text,
      text,
    );
  }
  assert.throws(() => parseSignal('SIGTREM'), /did you mean `SIGTERM`\?$/);
});

test('every number is written in a way that is read back as the same', () => {
  for (let number = 1; number <= 64; number += 1) assert.is(parseSignal(formatSignal(number)), number);
  assert.is(formatSignal(15), 'SIGTERM');
  assert.is(formatSignal(37), 'SIGRTMIN+3');
});

test.run();
