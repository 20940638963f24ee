import { existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel } from '../../../native/index.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { buildTar } from '../../support/tar-builder.ts';
import type { TarEntry } from '../../support/tar-builder.ts';
import { unpackInPlace } from '../../support/unpack-in-place.ts';

interface Layer {
  names(directory?: string): string[];
  isWhiteout(name: string): boolean;
  isOpaque(name: string): boolean;
}

/** Unpacks without privilege: overlayfs then reads `user.overlay.*`, and whiteouts are the same. */
async function withLayer(entries: readonly TarEntry[], body: (layer: Layer) => void): Promise<void> {
  await withDirectory(async (directory) => {
    await unpackInPlace(directory, buildTar(entries));
    const kernel = createLinuxKernel();
    const at = (name: string): string => path.join(directory, 'layer/diff', name);
    body({
      names: (name = '') => readdirSync(at(name)).sort(),
      isWhiteout: (name) => lstatSync(at(name)).isCharacterDevice() && lstatSync(at(name)).rdev === 0,
      isOpaque: (name) =>
        kernel.llistxattr(at(name)).includes('user.overlay.opaque') &&
        kernel.lgetxattr(at(name), 'user.overlay.opaque').toString() === 'y',
    });
  });
}

test('a whiteout becomes a character device 0:0 under the name that it hides', async () => {
  await withLayer([{ name: 'etc/', type: '5' }, { name: 'etc/.wh.motd' }, { name: '.wh.tmp' }], (layer) => {
    assert.equal(layer.names(), ['etc', 'tmp']);
    assert.equal(layer.names('etc'), ['motd']);
    assert.ok(layer.isWhiteout('etc/motd'));
    assert.ok(layer.isWhiteout('tmp'));
  });
});

test('an opaque whiteout marks its directory, before or after what is in it', async () => {
  await withLayer(
    [
      { name: 'a/', type: '5' },
      { name: 'a/.wh..wh..opq' },
      { name: 'a/new', content: 'x' },
      { name: 'b/new', content: 'x' },
      { name: 'b/.wh..wh..opq' },
      { name: 'c/', type: '5' },
    ],
    (layer) => {
      assert.equal(layer.names('a'), ['new']);
      assert.ok(layer.isOpaque('a'));
      assert.equal(layer.names('b'), ['new']);
      assert.ok(layer.isOpaque('b'));
      assert.not(layer.isOpaque('c'));
    },
  );
});

test('the root itself can be opaque', async () => {
  await withLayer([{ name: '.wh..wh..opq' }], (layer) => {
    assert.ok(layer.isOpaque('.'));
  });
});

test('a name that the same layer hides and brings is there, and nothing shines through it', async () => {
  await withLayer(
    [
      { name: '.wh.file' },
      { name: 'file', content: 'x' },
      { name: 'late', content: 'x' },
      { name: '.wh.late' },
      { name: '.wh.dir' },
      { name: 'dir/', type: '5' },
      { name: 'dir/in', content: 'x' },
      { name: 'late-dir/in', content: 'x' },
      { name: '.wh.late-dir' },
    ],
    (layer) => {
      assert.not(layer.isWhiteout('file'));
      assert.not(layer.isWhiteout('late'));
      assert.ok(layer.isOpaque('dir'));
      assert.equal(layer.names('dir'), ['in']);
      assert.ok(layer.isOpaque('late-dir'));
      assert.equal(layer.names('late-dir'), ['in']);
    },
  );
});

test('what aufs left in old layers is not unpacked', async () => {
  await withLayer(
    [{ name: '.wh..wh.plnk/', type: '5' }, { name: '.wh..wh.aufs' }, { name: 'a' }],
    (layer) => {
      assert.equal(layer.names(), ['a']);
    },
  );
});

test('attributes that mean something to overlayfs are the layer store’s alone', async () => {
  await withDirectory(async (directory) => {
    const pax = {
      'SCHILY.xattr.user.overlay.opaque': 'y',
      'SCHILY.xattr.user.overlay.redirect': '/etc',
      'SCHILY.xattr.user.mine': 'kept',
    };
    await unpackInPlace(directory, buildTar([{ name: 'd/', type: '5', pax }]));
    assert.ok(existsSync(path.join(directory, 'layer/diff/d')));
    assert.equal(createLinuxKernel().llistxattr(path.join(directory, 'layer/diff/d')), ['user.mine']);
  });
});

test.run();
