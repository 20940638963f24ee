import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAge, formatSpan } from '../../../cli/output/age.ts';
import { formatBytes } from '../../../cli/output/bytes.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test('an age has at most two units, as kubectl writes it', () => {
  const ages = [
    -5,
    0,
    119 * S,
    2 * M,
    5 * M + 30 * S,
    42 * M,
    179 * M,
    3 * H,
    7 * H + 5 * M,
    47 * H,
    2 * D + 4 * H,
    400 * D,
  ];
  const expected = ['0s', '0s', '119s', '2m', '5m30s', '42m', '179m', '3h', '7h5m', '47h', '2d4h', '400d'];
  assert.equal(ages.map(formatAge), expected);
});

test('a span has one unit, and a wait is never 0 s', () => {
  const spans = [0, 61.4, 999, 1001, 12 * S, 2 * M, 90 * M, 3 * H, 5 * D];
  assert.equal(spans.map(formatSpan), [
    '0 ms',
    '61 ms',
    '999 ms',
    '2 s',
    '12 s',
    '2 min',
    '90 min',
    '3 h',
    '5 d',
  ]);
});

test('bytes have at most three digits', () => {
  const sizes = [0, 999, 1000, 1024, 1536, 48 * 1024 ** 2, 1.5 * 1024 ** 3, 2000 * 1024 ** 4];
  assert.equal(sizes.map(formatBytes), [
    '0 B',
    '999 B',
    '1 KiB',
    '1 KiB',
    '1.5 KiB',
    '48 MiB',
    '1.5 GiB',
    '2000 TiB',
  ]);
});

test.run();
