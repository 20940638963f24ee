import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyRootfsChanges } from '../../engine/checkpoint/archive/apply-archive.ts';
import { packRootfsDiff, deletedPaths } from '../../engine/checkpoint/archive/rootfs-diff.ts';
import { TarWriter } from '../../engine/checkpoint/archive/tar-writer.ts';
import { listChanges } from '../../engine/container/container-changes.ts';
import { mountOverlay, unmountAll } from '../../engine/rootfs/mount-overlay.ts';
import { createLinuxKernel } from '../../native/index.ts';
import { buildTar } from '../support/tar-builder.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withDirectory } from '../support/scratch-directory.ts';

const kernel = createLinuxKernel();
const operation = 'test';

interface Root {
  lower: string;
  upper: string;
  merged: string;
}

/** An overlay whose lower layer `fill` makes. */
function withOverlay(
  fill: (lower: string) => void,
  body: (root: Root, directory: string) => Promise<void>,
): Promise<void> {
  return withDirectory(async (directory) => {
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) =>
      path.join(directory, name),
    );
    if (lower === undefined || upper === undefined || work === undefined || merged === undefined) return;
    for (const each of [lower, upper, work, merged]) mkdirSync(each);
    fill(lower);
    mountOverlay(kernel, { lowers: [lower], upper, work }, merged, 0);
    try {
      await body({ lower, upper, merged }, directory);
    } finally {
      unmountAll(kernel, merged);
    }
  });
}

function fillLower(lower: string): void {
  mkdirSync(path.join(lower, 'etc/conf.d'), { recursive: true });
  mkdirSync(path.join(lower, 'home/user'), { recursive: true });
  chownSync(path.join(lower, 'home/user'), 1000, 1000);
  chmodSync(path.join(lower, 'home/user'), 0o750);
  for (const name of ['etc/passwd', 'etc/group', 'etc/conf.d/a', 'etc/conf.d/b', 'home/user/notes']) {
    writeFileSync(path.join(lower, name), `old ${name}`);
  }
  symlinkSync('passwd', path.join(lower, 'etc/link'));
}

/** Packs what the upper directory of one container changed, as an export does. */
async function pack({ upper, lower }: Root, checkpoint: string): Promise<void> {
  mkdirSync(checkpoint);
  const changes = await listChanges(kernel, { upper, lowers: [lower], ignored: new Set() });
  const pieces: Buffer[] = [];
  const writer = new TarWriter({ write: (bytes) => Promise.resolve(void pieces.push(Buffer.from(bytes))) });
  await packRootfsDiff(kernel, writer, { directory: upper, changes });
  writeFileSync(path.join(checkpoint, 'rootfs-diff.tar'), Buffer.concat(pieces));
  writeFileSync(path.join(checkpoint, 'deleted.files'), JSON.stringify(deletedPaths(changes)));
}

/** Everything that can be seen of a tree. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, uid, gid, mtimeMs } = lstatSync(file);
      const content = entry.isFile()
        ? readFileSync(file, 'latin1')
        : entry.isSymbolicLink()
          ? readlinkSync(file)
          : '';
      return [path.relative(directory, file), mode.toString(8), uid, gid, Math.floor(mtimeMs), content].join(
        ' ',
      );
    })
    .sort();
}

test('[restore.rootfs] changes that are exported and applied to a fresh root give the same root', () =>
  withOverlay(fillLower, async (first, directory) => {
    const { merged } = first;
    writeFileSync(path.join(merged, 'etc/passwd'), 'new');
    writeFileSync(path.join(merged, 'home/user/notes'), 'changed, not added');
    writeFileSync(path.join(merged, 'home/user/.hidden'), '');
    chownSync(path.join(merged, 'home/user/.hidden'), 1000, 1000);
    chmodSync(path.join(merged, 'home/user/.hidden'), 0o4711);
    execFileSync('rm', ['-r', path.join(merged, 'etc/conf.d')]);
    execFileSync('rm', [path.join(merged, 'etc/group'), path.join(merged, 'etc/link')]);
    // A directory that replaces one of the image, and one that replaces a link.
    mkdirSync(path.join(merged, 'etc/conf.d'));
    writeFileSync(path.join(merged, 'etc/conf.d/b'), 'b again');
    mkdirSync(path.join(merged, 'etc/link'));
    execFileSync('mkfifo', [path.join(merged, 'pipe')]);
    kernel.lsetxattr(path.join(merged, 'etc/passwd'), 'user.note', Buffer.from('kept'), 0);
    const checkpoint = path.join(directory, 'checkpoint');
    await pack(first, checkpoint);
    await withOverlay(fillLower, async (second) => {
      await applyRootfsChanges(kernel, checkpoint, second.merged, { operation });
      const stable = (lines: string[]) => lines.filter((line) => !/^(?:etc|home) /.test(line));
      assert.equal(
        stable(listing(second.merged)).filter((line) => !line.includes(' old ')),
        stable(listing(merged)).filter((line) => !line.includes(' old ')),
      );
      assert.not(existsSync(path.join(second.merged, 'etc/conf.d/a')));
      assert.not(existsSync(path.join(second.merged, 'etc/group')));
      const attribute = kernel.lgetxattr(path.join(second.merged, 'etc/passwd'), 'user.note');
      assert.is(attribute.toString(), 'kept');
    });
  }));

test('directories above a changed file keep owner and mode', () =>
  withOverlay(fillLower, async ({ merged }, directory) => {
    const checkpoint = path.join(directory, 'checkpoint');
    mkdirSync(checkpoint);
    writeFileSync(
      path.join(checkpoint, 'rootfs-diff.tar'),
      buildTar([{ name: 'home/user/notes', content: 'x' }]),
    );
    await applyRootfsChanges(kernel, checkpoint, merged, { operation });
    const { mode, uid } = statSync(path.join(merged, 'home/user'));
    assert.equal([mode & 0o7777, uid], [0o750, 1000]);
    assert.is(readFileSync(path.join(merged, 'home/user/notes'), 'utf8'), 'x');
  }));

test('nothing is written or removed outside of the root, nor in what is mounted below it', () =>
  withOverlay(fillLower, async ({ merged }, directory) => {
    const outside = path.join(directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'victim'), 'unharmed');
    symlinkSync(outside, path.join(merged, 'out'));
    symlinkSync('../outside', path.join(merged, 'up'));
    mkdirSync(path.join(merged, 'volume'));
    execFileSync('mount', ['--bind', outside, path.join(merged, 'volume')]);
    try {
      const attempt = async (
        name: string,
        files: Record<string, string | Buffer>,
        reason: RegExp,
      ): Promise<void> => {
        const checkpoint = path.join(directory, name);
        mkdirSync(checkpoint);
        for (const [file, content] of Object.entries(files))
          writeFileSync(path.join(checkpoint, file), content);
        const error = await rejectionOf(applyRootfsChanges(kernel, checkpoint, merged, { operation }));
        assert.is(error.code, 'CHECKPOINT_INVALID', name);
        assert.match(error.message, reason, name);
        assert.equal(readdirSync(outside), ['victim'], name);
        assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'unharmed', name);
      };
      const diff = (entry: Parameters<typeof buildTar>[0][number]) => ({
        'rootfs-diff.tar': buildTar([entry]),
      });
      await attempt('a', diff({ name: 'out/victim', content: 'x' }), /leads out/);
      await attempt('b', diff({ name: 'up/victim', content: 'x' }), /leads out/);
      await attempt('c', diff({ name: 'volume/victim', content: 'x' }), /leads out/);
      await attempt('d', diff({ name: 'stolen', type: '1', linkTarget: 'out/victim' }), /leads out/);
      await attempt('e', diff({ name: 'node', type: '4', device: { major: 254, minor: 0 } }), /device node/);
      await attempt('f', diff({ name: '../outside/victim', content: 'x' }), /leads upwards/);
      await attempt('g', { 'deleted.files': '["/out/victim"]' }, /symbolic link/);
      await attempt('h', { 'deleted.files': '["/volume/victim"]' }, /mount/);
      await attempt('i', { 'deleted.files': '["/../outside/victim"]' }, /leads upwards/);
      await attempt('j', { 'deleted.files': '["/."]' }, /root itself/);
      await attempt('k', { 'deleted.files': '[["/etc"]]' }, /deleted\.files/);
      // The link itself may go, and what it points to stays.
      const checkpoint = path.join(directory, 'link');
      mkdirSync(checkpoint);
      writeFileSync(path.join(checkpoint, 'deleted.files'), '["/out", "/etc", "/not/there"]');
      await applyRootfsChanges(kernel, checkpoint, merged, { operation });
      assert.not(existsSync(path.join(merged, 'etc')));
      assert.is(readFileSync(path.join(outside, 'victim'), 'utf8'), 'unharmed');
    } finally {
      execFileSync('umount', [path.join(merged, 'volume')]);
    }
  }));

test.run();
