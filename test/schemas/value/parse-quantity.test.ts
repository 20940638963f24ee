import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ValueError, formatBytes, parseBytes, parseMilli } from '../../../schemas/index.ts';

test('quantities are read as Kubernetes reads them', () => {
  const table: [string, bigint][] = [
    ['0', 0n],
    ['64Mi', 67_108_864n],
    ['1k', 1000n],
    ['1Ki', 1024n],
    ['1.5Gi', 1_610_612_736n],
    ['.5Ki', 512n],
    ['5.', 5n],
    ['+7', 7n],
    ['1e3', 1000n],
    ['1E3', 1000n],
    ['12E', 12_000_000_000_000_000_000n],
    ['1Ei', 1_152_921_504_606_846_976n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['1500m', 2n],
    ['1n', 1n],
    ['0.1', 1n],
    ['100e-2', 1n],
  ];
  for (const [text, bytes] of table) assert.is(parseBytes(text), bytes, text);
});

test('thousandths are exact, and finer fractions are rounded up', () => {
  const table: [string, bigint][] = [
    ['500m', 500n],
    ['2', 2000n],
    ['0.1', 100n],
    ['0.0001', 1n],
    ['1u', 1n],
    ['0', 0n],
  ];
  for (const [text, milli] of table) assert.is(parseMilli(text), milli, text);
});

test('what is no quantity is refused with what it is', () => {
  for (const text of [
    '',
    '64MB',
    '-1',
    '1 Mi',
    'Mi',
    '.',
    '1e',
    '0x10',
    '1e999',
    '1KI',
    '1'.repeat(99),
    '٣',
  ]) {
    assert.throws(
      () => parseBytes(text),
      (error: unknown) =>
        error instanceof ValueError && error.code === 'BAD_QUANTITY' && error.value === text,
      text,
    );
  }
});

test('bytes that are written are read back as the same', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n }), (bytes) => {
      assert.is(parseBytes(formatBytes(bytes)), bytes);
      assert.is(parseBytes(formatBytes(bytes * 1024n)), bytes * 1024n);
      assert.is(parseMilli(formatBytes(bytes)), bytes * 1000n);
    }),
  );
  assert.is(formatBytes(67_108_864), '64Mi');
  assert.is(formatBytes(1500), '1500');
});

test('any decimal number of bytes is at most one byte above its value', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 999 }), (whole, thousandths) => {
      const text = `${String(whole)}.${String(thousandths).padStart(3, '0')}`;
      assert.is(parseMilli(text), BigInt(whole) * 1000n + BigInt(thousandths));
      assert.is(parseBytes(text), BigInt(whole) + (thousandths === 0 ? 0n : 1n));
    }),
  );
});

test.run();
