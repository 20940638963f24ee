import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseStatistics } from '../../../engine/criu/stats.ts';

const header = '405910550633095724000000';

test('[ckpt.stats] the numbers of a dump are read', () => {
  // freezing 1, frozen 300, memdump 5, memwrite 6, scanned 1000, skipped 0, written 300
  const body = '0801'.concat('10ac02', '1805', '2006', '28e807', '3000', '38ac02');
  const entry = `0a${(body.length / 2).toString(16).padStart(2, '0')}${body}`;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(entry.length / 2);
  const file = Buffer.from(header.slice(0, 16) + length.toString('hex') + entry, 'hex');
  assert.equal(parseStatistics(file).dump, {
    freezing_time: 1,
    frozen_time: 300,
    memdump_time: 5,
    memwrite_time: 6,
    pages_scanned: 1000,
    pages_skipped_parent: 0,
    pages_written: 300,
  });
});

test('another file, and one that is cut off, are refused', () => {
  assert.throws(() => parseStatistics(Buffer.from('hello world, this is text')), /no statistics file/);
  assert.throws(() => parseStatistics(Buffer.from(header, 'hex')), /cut off/);
  assert.throws(() => parseStatistics(Buffer.alloc(0)), /no statistics file/);
});

test.run();
