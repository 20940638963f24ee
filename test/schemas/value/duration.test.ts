import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ValueError, formatDuration, parseDuration } from '../../../schemas/index.ts';

test('durations are read as Go reads them', () => {
  const table: [string, number][] = [
    ['0', 0],
    ['0s', 0],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['300ms', 300],
    ['1m0.5s', 60_500],
    ['1500us', 1.5],
    ['1500µs', 1.5],
    ['1500μs', 1.5],
  ];
  for (const [text, ms] of table) assert.is(parseDuration(text), ms, text);
});

test('what is no duration is refused with what it is', () => {
  for (const text of ['', '10', '-1s', 's', '1 s', '1d', '1h 30m', '1..5s', '1e3s', '999999999h']) {
    assert.throws(
      () => parseDuration(text),
      (error: unknown) =>
        error instanceof ValueError && error.code === 'BAD_DURATION' && error.value === text,
      text,
    );
  }
});

test('durations that are written are read back as the same', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      assert.is(parseDuration(formatDuration(ms)), ms);
    }),
  );
  assert.is(formatDuration(5_400_000), '1h30m');
  assert.is(formatDuration(0), '0s');
});

test.run();
