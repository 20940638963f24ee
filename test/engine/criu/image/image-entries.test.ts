import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CheckpointImages } from '../../../../engine/criu/image/checkpoint-images.ts';
import { readEntries, readOnlyEntry } from '../../../../engine/criu/image/image-entries.ts';
import { ImageError } from '../../../../engine/criu/image/image-error.ts';
import { MAX_IMAGE_BYTES } from '../../../../engine/criu/image/image-source.ts';
import { locateMemory } from '../../../../engine/criu/image/saved-memory.ts';
import { openImageDirectory } from '../../../../engine/criu/image/directory-images.ts';
import { SAMPLES } from '../../../support/checkpoint-sample.ts';
import { encodeImage } from '../../../../engine/criu/image/encode-image.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';
import { truncateSync, writeFileSync, symlinkSync } from 'node:fs';

const pstree = readFileSync(path.join(SAMPLES, 'pstree.img'));

function failure(action: () => unknown): ImageError {
  try {
    action();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error('expected an ImageError');
}

test('an image cut off at any byte is refused, but for the ends of entries', () => {
  const ends: number[] = [];
  for (let length = 0; length < pstree.length; length++) {
    try {
      Array.from(readEntries('pstree.img', pstree.subarray(0, length), 'pstree'));
      ends.push(length);
    } catch (error) {
      assert.instance(error, ImageError);
    }
  }
  // After the magic numbers, and after the first of its two entries.
  assert.equal(ends, [8, 22]);
});

test('another magic number is refused, with file, place and both numbers', () => {
  const wrong = Buffer.from(pstree);
  wrong.writeUInt32LE(0x55053847, 4);
  const error = failure(() => [...readEntries('pstree.img', wrong, 'pstree')]);
  assert.is(error.file, 'pstree.img');
  assert.is(error.offset, 4);
  assert.match(error.message, /0x50273030, found 0x55053847/);
  assert.is(error.code, 'CHECKPOINT_INVALID');
});

test('an entry that claims more bytes than there are, or than there may be, is refused', () => {
  const longer = Buffer.from(pstree);
  longer.writeUInt32LE(1000, 8);
  assert.match(failure(() => [...readEntries('p', longer, 'pstree')]).message, /at byte 8: .*cut off/);
  longer.writeUInt32LE(0xffffffff, 8);
  assert.match(failure(() => [...readEntries('p', longer, 'pstree')]).message, /claims 4294967295 bytes/);
});

test('an entry that is no such message is refused', () => {
  const damaged = Buffer.from(pstree);
  damaged.fill(0xff, 12, 22);
  assert.match(failure(() => [...readEntries('p', damaged, 'pstree')]).message, /no pstree_entry/);
  const empty = encodeImage('pstree', []);
  assert.match(failure(() => readOnlyEntry('p', empty, 'pstree')).message, /no entry/);
});

test('a process whose parent comes later, or that is there twice, is refused', async () => {
  const images = (entries: object[]) =>
    new CheckpointImages({
      sizes: new Map([['pstree.img', 1]]),
      read: () => Promise.resolve(encodeImage('pstree', entries)),
      readRanges: () => Promise.resolve(new Map()),
    });
  const task = (pid: number, ppid: number) => ({ pid, ppid, pgid: 1, sid: 1 });
  assert.is((await images([task(1, 0), task(2, 1)]).processes()).length, 2);
  assert.match((await rejectionOf(images([task(1, 0), task(2, 3)]).processes())).message, /parent/);
  assert.match((await rejectionOf(images([task(1, 0), task(1, 1)]).processes())).message, /twice/);
});

test('pages are found by address, across entries, and pages of the parent take no room', () => {
  const bytes = encodeImage('pagemap', [
    { pages_id: 7 },
    { vaddr: 0x1000, compat_nr_pages: 2, flags: 4 },
    { vaddr: 0x3000, compat_nr_pages: 1, flags: 1 },
    { vaddr: 0x4000, compat_nr_pages: 1, flags: 6 },
    { vaddr: 0x5000, compat_nr_pages: 0, nr_pages: 3, flags: 4 },
  ]);
  const found = locateMemory('pagemap-1.img', bytes, [{ start: 0x2ff0, end: 0x5010 }]);
  assert.equal(found, {
    pagesFile: 'pages-7.img',
    savedBytes: 6 * 4096,
    inParentBytes: 4096,
    pieces: [
      [
        { offset: 0x1ff0, length: 16, at: 0 },
        { offset: 0x2000, length: 4096, at: 0x1010 },
        { offset: 0x3000, length: 16, at: 0x2010 },
      ],
    ],
  });
});

test('what is no regular file is no image, and what is too large is not read whole', () =>
  withDirectory(async (directory) => {
    symlinkSync('/etc/passwd', path.join(directory, 'core-1.img'));
    const large = path.join(directory, 'files.img');
    writeFileSync(large, '');
    truncateSync(large, MAX_IMAGE_BYTES + 1);
    const source = await openImageDirectory(directory);
    assert.equal([...source.sizes.keys()], ['files.img']);
    assert.match((await rejectionOf(source.read('core-1.img'))).message, /cannot be opened/);
    assert.match((await rejectionOf(source.read('files.img'))).message, /more than/);
  }));

test.run();
