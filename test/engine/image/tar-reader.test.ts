import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LayerEntry } from '../../../engine/image/layer-entry.ts';
import { DEFAULT_LAYER_LIMITS } from '../../../engine/image/layer-limits.ts';
import type { LayerLimits } from '../../../engine/image/layer-limits.ts';
import { TarReader } from '../../../engine/image/tar-reader.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { buildTar, encodeEntry } from '../../support/tar-builder.ts';

interface Read {
  entry: LayerEntry;
  content: Buffer;
}

/** Reads the archive, pushed in pieces of the given sizes in turn. */
function read(
  archive: Buffer,
  pieceSizes: readonly number[] = [],
  limits: LayerLimits = DEFAULT_LAYER_LIMITS,
): Read[] {
  const entries: Read[] = [];
  let pieces: Buffer[] = [];
  let current: LayerEntry | null = null;
  const reader = new TarReader(
    {
      begin(entry) {
        current = entry;
        pieces = [];
      },
      data(piece) {
        pieces.push(piece);
      },
      end() {
        if (current !== null) entries.push({ entry: current, content: Buffer.concat(pieces) });
      },
    },
    limits,
  );
  for (let at = 0, i = 0; at < archive.length; i++) {
    const size = pieceSizes.length === 0 ? archive.length : (pieceSizes[i % pieceSizes.length] ?? 1);
    reader.write(archive.subarray(at, at + size));
    at += size;
  }
  reader.end();
  return entries;
}

function first(archive: Buffer): LayerEntry {
  const [found] = read(archive);
  assert.ok(found);
  return found.entry;
}

test('reads every field of a header', () => {
  const archive = buildTar([
    {
      name: 'usr/bin/su',
      content: 'hello',
      mode: 0o4755,
      uid: 1000,
      gid: 1001,
      mtimeSeconds: 1_600_000_000,
    },
    { name: 'dev/null', type: '3', device: { major: 1, minor: 3 } },
    { name: 'bin', type: '2', linkTarget: 'usr/bin' },
    { name: 'usr/bin/sudo', type: '1', linkTarget: 'usr/bin/su' },
  ]);
  const [file, device, symlink, hardlink] = read(archive);
  assert.equal(file, {
    entry: {
      name: 'usr/bin/su',
      type: 'file',
      linkTarget: '',
      mode: 0o4755,
      uid: 1000,
      gid: 1001,
      mtimeNs: 1_600_000_000_000_000_000n,
      size: 5,
      device: { major: 0, minor: 0 },
      xattrs: [],
      sparse: null,
    },
    content: Buffer.from('hello'),
  });
  assert.equal(device?.entry.device, { major: 1, minor: 3 });
  assert.is(symlink?.entry.linkTarget, 'usr/bin');
  assert.is(hardlink?.entry.type, 'hardlink');
});

test('gives the same entries in whatever pieces the archive comes', () => {
  const archive = buildTar([
    { name: 'd/', type: '5' },
    { name: 'x'.repeat(300), content: 'a'.repeat(1500), pax: { 'SCHILY.xattr.user.k': 'v', mtime: '1.5' } },
    { name: 'empty' },
    { name: 'l', type: '2', linkTarget: 'y'.repeat(200) },
  ]);
  const whole = read(archive);
  assert.is(whole.length, 4);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      assert.equal(read(archive, sizes), whole);
    }),
    { numRuns: 100 },
  );
});

test('pax records go before the header, and keep binary values', () => {
  const capability = Buffer.from([1, 0, 0, 2, 0, 0x20, 0xff, 0xfe, 0x0a, 0x3d, 0, 0]);
  const entry = first(
    buildTar([
      {
        name: 'short',
        pax: {
          path: 'grüße/long',
          uid: '3000000000',
          mtime: '1700000000.123456789',
          'SCHILY.xattr.security.capability': capability,
        },
      },
    ]),
  );
  assert.is(entry.name, 'grüße/long');
  assert.is(entry.uid, 3_000_000_000);
  assert.is(entry.mtimeNs, 1_700_000_000_123_456_789n);
  assert.equal(entry.xattrs, [['security.capability', capability]]);
});

test('pax records count for one entry only', () => {
  const entries = read(buildTar([{ name: 'a', pax: { path: 'b' } }, { name: 'c' }]));
  assert.equal(
    entries.map(({ entry }) => entry.name),
    ['b', 'c'],
  );
});

test('joins prefix and name of ustar', () => {
  const entry = first(buildTar([{ name: 'name', patch: (block) => block.write('some/directory', 345) }]));
  assert.is(entry.name, 'some/directory/name');
});

test('sizes above 8 GiB are in base 256', () => {
  const big = 12 * 2 ** 30;
  const reader = new TarReader({
    begin: (entry) => {
      assert.is(entry.size, big);
    },
    data: () => undefined,
    end: () => undefined,
  });
  reader.write(encodeEntry({ name: 'big', claimedSize: big }));
});

test('an archive may end without its end marker, between two entries', () => {
  assert.is(read(encodeEntry({ name: 'a', content: 'x' })).length, 1);
  assert.is(read(Buffer.alloc(0)).length, 0);
});

const REFUSED: [what: string, archive: Buffer, message: RegExp][] = [
  [
    'cut off in the content',
    buildTar([{ name: 'a/file', content: 'x'.repeat(2000) }]).subarray(0, 1000),
    /a\/file.*cut off/,
  ],
  ['cut off in a header', buildTar([{ name: 'a' }, { name: 'b' }]).subarray(0, 700), /"a".*cut off/],
  ['cut off after a pax header', encodeEntry({ name: 'a', pax: { path: 'b' } }).subarray(0, 1024), /cut off/],
  ['a checksum that is wrong', Buffer.from(buildTar([{ name: 'a' }])).fill('b', 0, 1), /no tar header/],
  ['text', Buffer.alloc(1024, 'hello '), /no tar header/],
  ['an unknown type', buildTar([{ name: 'odd', type: 'M' }]), /odd.*unknown type/],
  ['a name that is not UTF-8', buildTar([{ name: Buffer.from([0x61, 0xff, 0xfe]) }]), /not UTF-8/],
  ['a zero byte in a pax path', buildTar([{ name: 'a', pax: { path: 'b\0c' } }]), /zero byte/],
  [
    'a pax header that claims too much',
    buildTar([{ name: 'x', type: 'x', claimedSize: 2 ** 30 }]),
    /claims 1073741824 bytes/,
  ],
  [
    'a pax header with a wrong length',
    encodeEntry({ name: 'p', type: 'x', content: '99 path=x\n' }),
    /pax header is damaged/,
  ],
  [
    'a size that is no number',
    buildTar([{ name: 'n', patch: (block) => block.write('99999999999', 124) }]),
    /bad size/,
  ],
  [
    'a negative size',
    buildTar([{ name: 'n', patch: (block) => block.fill(0xff, 124, 136) }]),
    /negative size/,
  ],
  [
    'holes that overlap',
    buildTar([
      { name: 's', content: 'abcd', pax: { 'GNU.sparse.size': '100', 'GNU.sparse.map': '10,2,11,2' } },
    ]),
    /map of holes is damaged/,
  ],
  [
    'a map of holes that does not fit the data',
    buildTar([{ name: 's', content: 'abcd', pax: { 'GNU.sparse.size': '100', 'GNU.sparse.map': '10,2' } }]),
    /does not fit/,
  ],
];

for (const [what, archive, message] of REFUSED) {
  test(`refuses ${what}`, () => {
    assert.throws(() => read(archive), message);
  });
}

test('refuses more entries than the limit', () => {
  const archive = buildTar([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  assert.throws(
    () => read(archive, [], { ...DEFAULT_LAYER_LIMITS, maxEntries: 2 }),
    /"c".*more than 2 entries/,
  );
});

const SPARSE_FORMATS = [
  ['--format=gnu'],
  ['--format=posix', '--sparse-version=0.0'],
  ['--format=posix', '--sparse-version=0.1'],
  ['--format=posix', '--sparse-version=1.0'],
];

for (const format of SPARSE_FORMATS) {
  test(`reads the holes that GNU tar stores with ${format.join(' ')}`, async () => {
    await withDirectory((directory) => {
      const file = path.join(directory, 'holes');
      const fd = openSync(file, 'w');
      // More pieces than fit into one header block of the oldest format.
      for (let i = 0; i < 40; i++) writeSync(fd, `piece ${i}`, i * 65_536);
      ftruncateSync(fd, 3_000_000);
      closeSync(fd);
      const archive = execFileSync('tar', ['-c', '--sparse', ...format, '-C', directory, 'holes'], {
        maxBuffer: 2 ** 26,
      });
      const [found] = read(archive);
      assert.ok(found);
      assert.is(found.entry.name, 'holes');
      assert.is(found.entry.size, 3_000_000);
      assert.ok(found.content.length < 1_000_000, 'the archive holds no holes');
      assert.equal(fill(found), readFileSync(file));
    });
  });
}

function fill({ entry, content }: Read): Buffer {
  const file = Buffer.alloc(entry.size);
  let at = 0;
  for (const { offset, length } of entry.sparse ?? []) {
    content.copy(file, offset, at, at + length);
    at += length;
  }
  return file;
}

test.run();
