import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explainZstd } from '../../../engine/zstd/explain-zstd.ts';
import { readZstd } from '../../../engine/zstd/read-zstd.ts';
import { ZstdWriter } from '../../../engine/zstd/zstd-writer.ts';
import { ZstdError } from '../../../native/index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

/** 21 MiB that shrink to a third: six frames, the last one short. */
const MEMORY = Buffer.alloc((21 << 20) + 12_345);
for (let at = 0; at < MEMORY.length; at += 4096) randomBytes(1300).copy(MEMORY, at);
const TEXT = Buffer.from('as it is written '.repeat(10_000));
const SKIPPABLE = Buffer.from('502a4d1803000000616263', 'hex');

async function compressed(content: Buffer, pieceBytes = 1 << 20): Promise<Buffer> {
  const frames: Buffer[] = [];
  const writer = new ZstdWriter((frame) => {
    frames.push(frame);
    return Promise.resolve();
  });
  for (let at = 0; at < content.length; at += pieceBytes) {
    await writer.write(content.subarray(at, at + pieceBytes));
  }
  await writer.finish();
  return Buffer.concat(frames);
}

function byProgram(args: readonly string[], input: Buffer): Buffer {
  return execFileSync('zstd', ['-q', '-c', ...args], { input, maxBuffer: 1 << 28 });
}

interface Content {
  bytes: number;
  sha256: string;
}

/** What is read of such a file. */
async function read(file: Buffer): Promise<Content> {
  const hash = createHash('sha256');
  let bytes = 0;
  await withDirectory(async (directory) => {
    const name = path.join(directory, 'file.zst');
    writeFileSync(name, file);
    const handle = await open(name);
    try {
      for await (const piece of readZstd(handle)) {
        hash.update(piece);
        bytes += piece.length;
      }
    } finally {
      await handle.close();
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

function expected(content: Buffer): Content {
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

test('what is written is read again by us and by zstd(1), whatever the pieces', async () => {
  const whole = await compressed(MEMORY);
  assert.equal(await read(whole), expected(MEMORY));
  assert.ok(byProgram(['-d'], whole).equals(MEMORY));
  assert.ok((await compressed(MEMORY, 9 << 20)).equals(whole), 'the cut does not follow the pieces');
  assert.ok(whole.length < MEMORY.length / 2.8, String(whole.length));
});

test('files of one frame, of several, and of both kinds are read', async () => {
  const ours = await compressed(MEMORY);
  for (const [what, file, content] of [
    ['a frame of unknown size', byProgram([], MEMORY), MEMORY],
    ['a large window', byProgram(['--long=27'], MEMORY), MEMORY],
    ['without a checksum', byProgram(['--no-check'], TEXT), TEXT],
    ['ours, then a stream', Buffer.concat([ours, byProgram([], MEMORY)]), Buffer.concat([MEMORY, MEMORY])],
    ['a stream, then ours', Buffer.concat([byProgram([], TEXT), ours]), Buffer.concat([TEXT, MEMORY])],
    ['skippable ones', Buffer.concat([SKIPPABLE, ours, SKIPPABLE, ours]), Buffer.concat([MEMORY, MEMORY])],
    ['nothing but skippable ones', Buffer.concat([SKIPPABLE, SKIPPABLE]), Buffer.alloc(0)],
    ['an empty frame', byProgram([], Buffer.alloc(0)), Buffer.alloc(0)],
    [
      'many small ones',
      Buffer.concat(Array<Buffer>(5000).fill(await compressed(TEXT.subarray(0, 100)))),
      null,
    ],
  ] as const) {
    const wanted = content ?? Buffer.concat(Array<Buffer>(5000).fill(TEXT.subarray(0, 100)));
    assert.equal(await read(file), expected(wanted), what);
  }
});

test('a file that is cut off, damaged or goes on with something else is refused wherever it is', async () => {
  const ours = await compressed(MEMORY);
  const stream = byProgram([], MEMORY);
  const flipped = (file: Buffer, at: number): Buffer => {
    const copy = Buffer.from(file);
    copy.writeUInt8(copy.readUInt8(at) ^ 0x40, at);
    return copy;
  };
  for (const whole of [ours, stream]) {
    for (const [what, file] of [
      ['cut in the first frame', whole.subarray(0, 1000)],
      ['cut in the middle', whole.subarray(0, Math.floor(whole.length * 0.6))],
      ['without its last byte', whole.subarray(0, -1)],
      ['damaged at the beginning', flipped(whole, 5000)],
      ['damaged in the middle', flipped(whole, Math.floor(whole.length * 0.6))],
      ['text behind it', Buffer.concat([whole, TEXT])],
      ['the beginning of a frame behind it', Buffer.concat([whole, Buffer.from('28b52f', 'hex')])],
    ] as const) {
      const error = await rejectionOf(read(file));
      assert.instance(error, ZstdError, what);
      assert.match(String(explainZstd(error)), /damaged or cut off/, what);
    }
  }
});

test('a window of more than 128 MiB is refused, and the words say what to do', async () => {
  const error = await rejectionOf(read(byProgram(['--long=28'], TEXT)));
  assert.match(String(explainZstd(error)), /--long=27/);
});

test('a reader that has enough leaves nothing under way, and a writer whose sink fails says why', async () => {
  await withDirectory(async (directory) => {
    const name = path.join(directory, 'file.zst');
    for (const file of [await compressed(MEMORY), byProgram([], MEMORY)]) {
      writeFileSync(name, file);
      const handle = await open(name);
      let underWay = 0;
      const counted = {
        async read(buffer: Buffer, offset: number, length: number, position: number) {
          underWay += 1;
          return handle.read(buffer, offset, length, position).finally(() => (underWay -= 1));
        },
      };
      for await (const piece of readZstd(counted as unknown as FileHandle)) {
        assert.ok(piece.equals(MEMORY.subarray(0, piece.length)));
        break;
      }
      assert.is(underWay, 0);
      await handle.close();
    }
  });
  const full = new ZstdWriter(() => Promise.reject(new Error('no space')));
  const writing = (async () => {
    await full.write(MEMORY);
    await full.finish();
  })();
  assert.match((await rejectionOf(writing)).message, /no space/);
  await full.settle();
});

test('what a large window takes goes with the stream, and does not wait for the garbage collector', async () => {
  const file = byProgram(['--long=27'], TEXT);
  const mappedBytes = (): number => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096;
  await read(file);
  const before = mappedBytes();
  for (let count = 0; count < 10; count++) await read(file);
  const grown = (mappedBytes() - before) >> 20;
  assert.ok(grown < 128, `${String(grown)} MiB after ten windows of 128 MiB`);
});

test.run();
