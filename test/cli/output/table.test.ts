import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { displayWidth, fit, printable, printableLine } from '../../../cli/output/printable.ts';
import { formatTable } from '../../../cli/output/table.ts';

const columns = [
  { title: 'NAME', value: ([name]: string[]) => name ?? '' },
  { title: 'STATE', value: ([, state]: string[]) => state ?? '' },
  { title: 'NOTE', value: ([, , note]: string[]) => note ?? '' },
];

test('columns are as wide as their widest value, and nothing ends in spaces', () => {
  const table = formatTable(columns, [
    ['a', 'Running', ''],
    ['longer', 'Up', 'x'],
  ]);
  assert.is(table, 'NAME    STATE    NOTE\na       Running\nlonger  Up       x\n');
});

test('wide characters take two columns', () => {
  const table = formatTable(columns, [
    ['漢字', 'a', 'x'],
    ['ab', 'b', 'y'],
  ]);
  assert.is(table, 'NAME  STATE  NOTE\n漢字  a      x\nab    b      y\n');
  assert.is(displayWidth('e\u0301'), 1);
});

test('a table can be gone on with in the same columns', () => {
  const widths: number[] = [];
  formatTable(columns, [['long-name', 'a', '']], { widths });
  assert.is(formatTable(columns, [['b', 'c', 'd']], { widths, headers: false }), 'b          c      d\n');
});

test('nothing that drives a terminal gets through', () => {
  assert.is(printable('a\u001b[31mb\u0007\u009b1m\u202ec'), 'a\\x1b[31mb\\x07\\x9b1m\\u202ec');
  assert.is(printableLine('a\n  b'), 'a; b');
  assert.match(formatTable(columns, [['a', 'b\u001b]0;x\u0007', '']]), '\\x1b]0;x\\x07');
});

test('what is cut says so, within the width', () => {
  assert.is(fit('abcdef', 6), 'abcdef');
  assert.is(fit('abcdefg', 6), 'abcde…');
  assert.is(fit('漢字漢字', 5), '漢字…');
});

test.run();
