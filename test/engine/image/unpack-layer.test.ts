import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../engine/engine-error.ts';
import { DEFAULT_LAYER_LIMITS } from '../../../engine/image/layer-limits.ts';
import { damagedLayers, hostileLayers } from '../../support/hostile-layers.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { testUnless } from '../../support/skip.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { buildTar } from '../../support/tar-builder.ts';
import { unpackInPlace } from '../../support/unpack-in-place.ts';

const missingZstd = existsSync('/usr/bin/zstd') ? null : 'zstd is not installed';

/** A directory `outside` beside the layer, with a file `victim`, which no layer may touch. */
function makeOutside(directory: string): string {
  const outside = path.join(directory, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'victim'), 'untouched');
  return outside;
}

function assertUntouched(directory: string): void {
  assert.equal(readdirSync(path.join(directory, 'outside')), ['victim']);
  assert.is(readFileSync(path.join(directory, 'outside/victim'), 'utf8'), 'untouched');
  assert.is(statSync(path.join(directory, 'outside/victim')).nlink, 1);
  assert.equal(readdirSync(directory).sort(), ['blob', 'layer', 'outside']);
  assert.equal(readdirSync(path.join(directory, 'layer')).sort(), ['diff', 'trash']);
}

for (const { what, entry, reason } of hostileLayers('/outside')) {
  test(`refuses a layer that ${what}, and names the entry`, async () => {
    await withDirectory(async (directory) => {
      const outside = makeOutside(directory);
      const layer = hostileLayers(outside).find((one) => one.what === what);
      assert.ok(layer);
      const error = await rejectionOf(unpackInPlace(directory, layer.archive));
      assert.instance(error, EngineError);
      assert.is(error.code, 'LAYER_REFUSED');
      const named = entry.replace('/outside', outside);
      assert.ok(error.message.includes(`entry "${named}`), `names ${named}: ${error.message}`);
      assert.match(error.message, reason);
      assertUntouched(directory);
    });
  });
}

for (const { what, blob, reason } of damagedLayers()) {
  test(`refuses ${what}`, async () => {
    await withDirectory(async (directory) => {
      const error = await rejectionOf(unpackInPlace(directory, blob));
      assert.is(error.code, 'LAYER_REFUSED');
      assert.match(error.message, reason);
    });
  });
}

test('refuses a device node without privilege', async () => {
  await withDirectory(async (directory) => {
    const archive = buildTar([{ name: 'dev/sda', type: '4', device: { major: 8, minor: 0 } }]);
    const error = await rejectionOf(unpackInPlace(directory, archive));
    assert.is(error.code, 'LAYER_REFUSED');
    assert.match(error.message, /entry "dev\/sda": is a device node/);
  });
});

test('refuses content that is not what the image names', async () => {
  await withDirectory(async (directory) => {
    const diffId = `sha256:${'0'.repeat(64)}`;
    const error = await rejectionOf(unpackInPlace(directory, buildTar([{ name: 'a' }]), { diffId }));
    assert.is(error.code, 'IMAGE_INVALID');
    assert.ok(error.message.includes(diffId));
  });
});

test('refuses a small archive that stands for a large file system', async () => {
  await withDirectory(async (directory) => {
    const blob = gzipSync(buildTar([{ name: 'zeros', content: Buffer.alloc(20_000_000) }]));
    assert.ok(blob.length < 100_000);
    const limits = { ...DEFAULT_LAYER_LIMITS, maxBytes: 10_000_000 };
    const error = await rejectionOf(unpackInPlace(directory, blob, { limits }));
    assert.is(error.code, 'LAYER_REFUSED');
    assert.match(error.message, /"zeros".*larger than the limit/);
  });
});

test('follows links that the layer brought and that stay in it', async () => {
  await withDirectory(async (directory) => {
    await unpackInPlace(
      directory,
      buildTar([
        { name: 'usr/lib/', type: '5' },
        { name: 'lib', type: '2', linkTarget: 'usr/lib' },
        { name: 'lib/libc.so', content: 'c' },
        { name: 'etc/mtab', type: '2', linkTarget: '/proc/mounts' },
      ]),
    );
    const layer = path.join(directory, 'layer/diff');
    assert.is(readFileSync(path.join(layer, 'usr/lib/libc.so'), 'utf8'), 'c');
    assert.is(readlinkSync(path.join(layer, 'lib')), 'usr/lib');
    assert.is(readlinkSync(path.join(layer, 'etc/mtab')), '/proc/mounts');
  });
});

test('a later entry replaces an earlier one of whatever kind', async () => {
  await withDirectory(async (directory) => {
    const outside = makeOutside(directory);
    await unpackInPlace(
      directory,
      buildTar([
        { name: 'file-to-dir', content: 'x' },
        { name: 'file-to-dir/', type: '5', mode: 0o700 },
        { name: 'file-to-dir/in', content: 'in' },
        { name: 'dir-to-file/deep/er', content: 'x' },
        { name: 'dir-to-file', content: 'file' },
        { name: 'link-to-file', type: '2', linkTarget: path.join(outside, 'victim') },
        { name: 'link-to-file', content: 'file' },
        { name: 'link-to-dir', type: '2', linkTarget: outside },
        { name: 'link-to-dir/', type: '5' },
        { name: 'link-to-dir/in', content: 'in' },
        { name: 'twice', content: 'longer than the second' },
        { name: 'twice', content: 'second' },
        { name: 'twice', type: '1', linkTarget: 'twice' },
      ]),
    );
    const layer = path.join(directory, 'layer/diff');
    const text = (name: string): string => readFileSync(path.join(layer, name), 'utf8');
    assert.is(text('file-to-dir/in'), 'in');
    assert.is(text('dir-to-file'), 'file');
    assert.is(text('link-to-file'), 'file');
    assert.is(text('link-to-dir/in'), 'in');
    assert.not(lstatSync(path.join(layer, 'link-to-dir')).isSymbolicLink());
    assert.is(text('twice'), 'second');
    assert.is(lstatSync(path.join(layer, 'file-to-dir')).mode & 0o7777, 0o700);
    assert.equal(readdirSync(outside), ['victim']);
    assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'untouched');
  });
});

test('directories get their modes and times at the end', async () => {
  await withDirectory(async (directory) => {
    const { root } = await unpackInPlace(
      directory,
      buildTar([
        { name: './', type: '5', mode: 0o555, mtimeSeconds: 1_500_000_000 },
        { name: 'closed/', type: '5', mode: 0o500, mtimeSeconds: 1_600_000_000 },
        { name: 'closed/file', content: 'x', mode: 0o400, mtimeSeconds: 1_600_000_001 },
        { name: 'made/by/itself', content: 'x' },
      ]),
    );
    const layer = path.join(directory, 'layer/diff');
    const status = (name: string) => lstatSync(path.join(layer, name));
    assert.is(status('.').mode & 0o7777, 0o555);
    assert.is(status('.').mtimeMs, 1_500_000_000_000);
    assert.is(status('closed').mode & 0o7777, 0o500);
    assert.is(status('closed').mtimeMs, 1_600_000_000_000);
    assert.is(status('closed/file').mtimeMs, 1_600_000_001_000);
    assert.is(status('made/by').mode & 0o7777, 0o755);
    assert.is(root?.mode, 0o555);
  });
});

test('what the layer does not say about its root is null', async () => {
  await withDirectory(async (directory) => {
    const { root, entries, bytes } = await unpackInPlace(
      directory,
      buildTar([{ name: 'a', content: 'abc' }]),
    );
    assert.is(root, null);
    assert.is(entries, 1);
    assert.is(bytes, 3);
  });
});

for (const [what, compress] of [
  ['gzip', ['gzip', '-c']],
  ['several gzip members', ['sh', '-c', 'head -c 1000 | gzip -c; gzip -c']],
  ['zstd', ['zstd', '-c']],
  ['nothing', ['cat']],
] as const) {
  testUnless(test, what === 'zstd' ? missingZstd : null)(
    `reads a layer compressed with ${what}`,
    async () => {
      await withDirectory(async (directory) => {
        const archive = buildTar([{ name: 'file', content: Buffer.alloc(1_000_000, 'layer ') }]);
        const [program, ...args] = compress;
        const blob = path.join(directory, 'compressed');
        writeFileSync(blob, execFileSync(program, args, { input: archive, maxBuffer: 2 ** 26 }));
        await unpackInPlace(directory, archive, { blob });
        assert.is(statSync(path.join(directory, 'layer/diff/file')).size, 1_000_000);
      });
    },
  );
}

testUnless(test, missingZstd)('refuses zstd that is cut off', async () => {
  await withDirectory(async (directory) => {
    const blob = path.join(directory, 'compressed');
    const archive = buildTar([{ name: 'file', content: Buffer.alloc(1_000_000, 'layer ') }]);
    const whole = execFileSync('zstd', ['-c'], { input: archive, maxBuffer: 2 ** 26 });
    writeFileSync(blob, whole.subarray(0, whole.length - 10));
    const error = await rejectionOf(unpackInPlace(directory, archive, { blob }));
    assert.is(error.code, 'LAYER_REFUSED');
  });
});

test('gives up when it is told to', async () => {
  await withDirectory(async (directory) => {
    const archive = buildTar([{ name: 'file', content: Buffer.alloc(1_000_000) }]);
    let asked = 0;
    const error = await rejectionOf(
      unpackInPlace(directory, archive, {}, { isCancelled: () => ++asked > 2 }),
    );
    assert.is(error.code, 'ABORTED');
  });
});

test.run();
