import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel } from '../../native/index.ts';
import { missingForImages, openImageStore } from '../support/image-store.ts';
import { writeImageLayout } from '../support/image-layout.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';
import { buildTar } from '../support/tar-builder.ts';

const kernel = createLinuxKernel();

/** Everything that a file system can hold, under names that are awkward. */
const MAKE_RICH_TREE = `
set -e
umask 022
mkdir -p usr/bin usr/lib/deep/er/and/deeper var/tmp dev etc run 'a dir with spaces'
printf 'su' > usr/bin/su; chown 0:42 usr/bin/su; chmod 4755 usr/bin/su
printf 'sg' > usr/bin/sg; chown 1000:1001 usr/bin/sg; chmod 2711 usr/bin/sg
printf 'ping' > usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping
printf 'secret' > etc/shadow; chmod 0000 etc/shadow
printf 'x' > owned; chown 4000000000:3000000000 owned
ln usr/bin/su usr/bin/su-hard; ln usr/bin/su su-far
ln -s usr/bin bin; ln -s /etc/shadow absolute; ln -s ../../up dangling; ln -s 'with space' 'link with space'
ln -s "$(printf 'long%.0s' $(seq 50))" longlink; chown -h 7:8 longlink
chmod 1777 var/tmp; chmod 0700 usr/lib/deep; chown 33:33 usr/lib/deep/er; chmod 2775 usr/lib/deep/er
mkfifo -m 0640 run/fifo
mknod -m 0666 dev/null c 1 3; mknod -m 0660 dev/sda b 8 0; mknod dev/big c 511 1048575
printf 'ünïcode' > 'näme-日本'; printf 'nl' > "new
line"; printf 'back' > 'back\\slash'
printf '%s' long > "$(printf 'n%.0s' $(seq 255))"
mkdir -p "$(printf 'longdirectory/%.0s' $(seq 20))"; printf 'far' > "$(printf 'longdirectory/%.0s' $(seq 20))file"
: > empty; head -c 3000000 /dev/urandom > large
truncate -s 50M sparse; printf 'data' | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none
touch -d '1970-01-01 00:00:01 UTC' owned; touch -d '2001-02-03 04:05:06.123456789 UTC' usr/bin/sg
touch -h -d '1999-09-09 UTC' dangling; touch -d '1998-01-01 UTC' usr/lib/deep/er/and
touch -d '2018-02-03 04:05:06.5 UTC' empty
`;

/** All that can be asked about each file below a directory. */
function describeTree(directory: string): Record<string, object> {
  const described: Record<string, object> = {};
  const firstNames = new Map<number, string>();
  const names = readdirSync(directory, { recursive: true }).map(String).sort();
  for (const name of ['.', ...names]) {
    const file = path.join(directory, name);
    const status = lstatSync(file, { bigint: true });
    const hardLinkOf = firstNames.get(Number(status.ino)) ?? name;
    firstNames.set(Number(status.ino), hardLinkOf);
    described[name] = {
      mode: status.mode.toString(8),
      owner: `${status.uid}:${status.gid}`,
      links: status.isDirectory() ? null : Number(status.nlink),
      hardLinkOf,
      device: status.rdev.toString(),
      mtimeNs: status.mtimeNs,
      size: status.isDirectory() ? null : status.size,
      target: status.isSymbolicLink() ? readlinkSync(file) : null,
      content: status.isFile() ? readFileSync(file).toString('base64').slice(0, 4_500_000) : null,
      attributes: kernel
        .llistxattr(file)
        .sort()
        .map((key) => [key, kernel.lgetxattr(file, key).toString('hex')]),
    };
  }
  return described;
}

for (const format of ['posix', 'gnu']) {
  testUnless(test, missingForImages)(
    `a rich layer of GNU tar's ${format} format comes out as GNU tar extracts it`,
    async () => {
      await withDirectory(async (directory) => {
        const [tree, expected] = ['tree', 'expected'].map((name) => path.join(directory, name)) as [
          string,
          string,
        ];
        mkdirSync(tree);
        mkdirSync(expected);
        execFileSync('sh', ['-c', MAKE_RICH_TREE], { cwd: tree });
        kernel.lsetxattr(path.join(tree, 'large'), 'user.binary', Buffer.from([0, 255, 10, 61]), 0);
        kernel.lsetxattr(path.join(tree, 'usr/lib'), 'trusted.mine', Buffer.from('kept'), 0);
        const flags = format === 'posix' ? ['--xattrs', '--xattrs-include=*'] : [];
        const archive = execFileSync(
          'tar',
          ['-c', `--format=${format}`, '--sparse', '--numeric-owner', ...flags, '-C', tree, '.'],
          {
            maxBuffer: 2 ** 28,
          },
        );
        execFileSync('tar', ['-x', '-p', '--numeric-owner', ...flags, '-C', expected], { input: archive });

        const layout = path.join(directory, 'layout');
        writeImageLayout(layout, [{ archive, blob: gzipSync(archive) }]);
        const images = openImageStore(path.join(directory, 'images'));
        const { id } = await images.import(`oci:${layout}`, 'localhost/rich:1');
        const [layer = ''] = await images.layerPaths(id);
        const found = describeTree(layer);
        assert.ok(Object.keys(found).length > 50, 'the tree is there');
        for (const [name, file] of Object.entries(describeTree(expected)))
          assert.equal(found[name], file, name);
        assert.equal(Object.keys(found), Object.keys(describeTree(expected)));
        const sparse = lstatSync(path.join(layer, 'sparse'));
        assert.ok(sparse.blocks * 512 < 1_000_000, 'holes stay holes');
        await images.settled();
      });
    },
  );
}

testUnless(test, missingForImages)('overlayfs shows of two layers what the image means', async () => {
  await withDirectory(async (directory) => {
    const lower = buildTar([
      { name: './', type: '5', mode: 0o555 },
      { name: 'keep/file', content: 'lower' },
      { name: 'gone', content: 'lower' },
      { name: 'dir/old', content: 'lower' },
      { name: 'dir/sub/old', content: 'lower' },
      { name: 'replaced/old', content: 'lower' },
      { name: 'becomes-file/old', content: 'lower' },
      { name: 'changed', content: 'lower' },
    ]);
    const upper = buildTar([
      { name: 'keep/', type: '5', mode: 0o700 },
      { name: 'keep/more', content: 'upper' },
      { name: '.wh.gone' },
      { name: 'dir/', type: '5' },
      { name: 'dir/.wh..wh..opq' },
      { name: 'dir/new', content: 'upper' },
      { name: '.wh.replaced' },
      { name: 'replaced/', type: '5' },
      { name: 'replaced/new', content: 'upper' },
      { name: 'becomes-file', content: 'upper' },
      { name: 'changed', content: 'upper' },
    ]);
    const layout = path.join(directory, 'layout');
    // The same empty layer three times, as many builders leave it: overlayfs refuses a directory twice.
    const nothing = buildTar([]);
    writeImageLayout(
      layout,
      [nothing, lower, nothing, upper, nothing].map((archive) => ({ archive })),
    );
    const images = openImageStore(path.join(directory, 'images'));
    const { id, layers } = await images.import(`oci:${layout}`, 'localhost/two:1');
    assert.is(layers, 5);
    const lowers = await images.layerPaths(id);
    assert.is(lowers.length, 3);
    assert.equal(await images.rootStatus(id), { mode: 0o555, uid: 0, gid: 0 });
    const merged = path.join(directory, 'merged');
    mkdirSync(merged);
    execFileSync('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `ro,lowerdir=${lowers.reverse().join(':')}`,
      merged,
    ]);
    try {
      assert.equal(readdirSync(merged, { recursive: true }).sort(), [
        'becomes-file',
        'changed',
        'dir',
        'dir/new',
        'keep',
        'keep/file',
        'keep/more',
        'replaced',
        'replaced/new',
      ]);
      assert.is(readFileSync(path.join(merged, 'changed'), 'utf8'), 'upper');
      assert.is(lstatSync(path.join(merged, 'keep')).mode & 0o7777, 0o700);
    } finally {
      execFileSync('umount', [merged]);
    }
    await images.settled();
  });
});

test.run();
