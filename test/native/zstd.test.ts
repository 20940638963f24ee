import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compressZstd, decompressZstd, measureZstd, openZstdDecoder, ZstdError } from '../../native/index.ts';
import { rejectionOf } from '../support/rejection.ts';

const TEXT = Buffer.from('as it is written '.repeat(10_000));
/** RFC 8878, 3.1.2: passed over. */
const SKIPPABLE = Buffer.from('502a4d1803000000616263'.padEnd(22, '0'), 'hex');

function byProgram(args: readonly string[], input: Buffer): Buffer {
  return execFileSync('zstd', ['-q', '-c', ...args], { input, maxBuffer: 1 << 28 });
}

test('pieces become one frame, which zstd(1) reads, and which says its size', async () => {
  const frame = await compressZstd([TEXT, Buffer.alloc(0), Buffer.from('end')], 1);
  const whole = Buffer.concat([TEXT, Buffer.from('end')]);
  assert.ok(byProgram(['-d'], frame).equals(whole));
  assert.equal(measureZstd(frame, 1 << 20), { compressedBytes: frame.length, contentBytes: whole.length });
  assert.ok((await decompressZstd(frame, whole.length)).equals(whole));
});

test('what does not shrink is kept as it is, with a little around it', async () => {
  const noise = randomBytes(1 << 20);
  const frame = await compressZstd([noise], 1);
  assert.ok(frame.length < noise.length + 1024, String(frame.length));
  assert.ok((await decompressZstd(frame, noise.length)).equals(noise));
});

test('whole frames are measured as far as they are small, whole, and say their size', async () => {
  const frame = await compressZstd([TEXT], 1);
  const one = { compressedBytes: frame.length, contentBytes: TEXT.length };
  const measured = (bytes: Buffer, max = TEXT.length): unknown => measureZstd(bytes, max);
  const none = { compressedBytes: 0, contentBytes: 0 };
  assert.equal(measured(Buffer.concat([frame, frame])), one);
  assert.equal(measured(Buffer.concat([frame, frame]), 2 * TEXT.length), {
    compressedBytes: 2 * frame.length,
    contentBytes: 2 * TEXT.length,
  });
  assert.equal(measured(Buffer.concat([SKIPPABLE, frame])), {
    compressedBytes: SKIPPABLE.length + frame.length,
    contentBytes: TEXT.length,
  });
  assert.equal(measured(Buffer.concat([frame, byProgram([], TEXT)])), one);
  assert.equal(measured(frame, TEXT.length - 1), none);
  assert.equal(measured(frame.subarray(0, -1)), none);
  assert.equal(measured(byProgram([], TEXT)), none);
  assert.equal(measured(TEXT), none);
  assert.equal(measured(Buffer.alloc(0)), none);
});

test('frames whose content is damaged, longer or shorter than they say are refused', async () => {
  const frame = await compressZstd([TEXT], 1);
  const damaged = Buffer.from(frame);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
  for (const [bytes, size] of [
    [damaged, TEXT.length],
    [frame, TEXT.length - 1],
    [frame, TEXT.length + 1],
  ] as const) {
    const error = await rejectionOf(decompressZstd(bytes, size));
    assert.instance(error, ZstdError);
    assert.is(error.code, 'ZSTD_DATA');
  }
});

test('a stream is decoded whatever the sizes of input and output are, and says where it may end', async () => {
  const stream = Buffer.concat([byProgram([], TEXT), SKIPPABLE, await compressZstd([TEXT], 1)]);
  for (const [inputBytes, outputBytes] of [
    [stream.length, 3 * TEXT.length],
    [7, 1 << 16],
    [1 << 16, 1000],
  ] as const) {
    const decoder = openZstdDecoder();
    const found: Buffer[] = [];
    let isWithinFrame = true;
    for (let at = 0; at < stream.length || isWithinFrame;) {
      const output = Buffer.alloc(outputBytes);
      const step = await decoder.step(stream.subarray(at, at + inputBytes), output);
      assert.ok(step.bytesRead + step.bytesWritten > 0);
      at += step.bytesRead;
      found.push(output.subarray(0, step.bytesWritten));
      isWithinFrame = step.isWithinFrame;
    }
    assert.ok(Buffer.concat(found).equals(Buffer.concat([TEXT, TEXT])));
  }
});

test('a window of 128 MiB is allowed, a larger one is refused before it takes memory', async () => {
  const output = Buffer.alloc(TEXT.length);
  // Of a pipe zstd(1) knows no size, and takes the window that it is told.
  const step = await openZstdDecoder().step(byProgram(['--long=27'], TEXT), output);
  assert.is(step.bytesWritten, TEXT.length);
  assert.not(step.isWithinFrame);
  const error = await rejectionOf(openZstdDecoder().step(byProgram(['--long=28'], TEXT), output));
  assert.instance(error, ZstdError);
  assert.is(error.code, 'ZSTD_WINDOW');
});

test('a decoder that is closed ends what it has begun, and begins nothing more', async () => {
  const decoder = openZstdDecoder();
  const step = decoder.step(byProgram([], TEXT), Buffer.alloc(TEXT.length));
  decoder.close();
  assert.is((await step).bytesWritten, TEXT.length);
  decoder.close();
  const error = await rejectionOf(decoder.step(TEXT, Buffer.alloc(1)));
  assert.match(error.message, /is closed/);
});

test.run();
