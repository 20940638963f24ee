import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, FrameReader } from '../../../cli/hosted/frames.ts';

const sent = [encodeFrame('o', 'grüße\n'), encodeFrame('x', ''), encodeFrame('i', Buffer.from([0, 255]))];

test('frames come out as they went in, however the bytes arrive', () => {
  const bytes = Buffer.concat(sent);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const reader = new FrameReader(100);
    const frames = [];
    for (let at = 0; at < bytes.length; at += size)
      frames.push(...reader.feed(bytes.subarray(at, at + size)));
    assert.equal(
      frames.map(({ type, payload }) => [type, payload.toString('hex')]),
      [
        ['o', Buffer.from('grüße\n').toString('hex')],
        ['x', ''],
        ['i', '00ff'],
      ],
    );
  }
});

test('a frame that is larger than agreed is refused before it has come', () => {
  const frame = encodeFrame('c', 'x'.repeat(101));
  assert.throws(() => new FrameReader(100).feed(frame.subarray(0, 5)), /at most 100 bytes, found 101/);
});

test.run();
