import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pairedRatio, summarize } from '../../bench/statistics.ts';

test('the median of an odd number is the middle one, whatever the order', () => {
  assert.equal(summarize([9, 1, 4]), { median: 4, min: 1, max: 9, count: 3 });
});

test('the median of an even number lies between the two in the middle', () => {
  assert.equal(summarize([10, 2, 4, 100]), { median: 7, min: 2, max: 100, count: 4 });
});

test('numbers are not sorted as text', () => {
  assert.is(summarize([100, 20, 3]).median, 20);
});

test('nothing cannot be summarized', () => {
  assert.throws(() => summarize([]), 'summarize measurements: there are none');
});

test('a ratio is that of rounds, so that a slow minute, which both had, does not count', () => {
  // By medians it would be 30 / 20.
  assert.is(pairedRatio([10, 300, 30], [20, 600, 10]), 0.5);
});

test('rounds that one of them does not have are left out', () => {
  assert.is(pairedRatio([10, 1, 1], [5]), 2);
});

test('there is no ratio to nothing', () => {
  assert.is(pairedRatio([1], [0]), null);
  assert.is(pairedRatio([1], []), null);
});

test.run();
