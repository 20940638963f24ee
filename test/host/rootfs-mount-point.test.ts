import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isMountPoint, mountPointsBelow } from '../../engine/rootfs/is-mount-point.ts';

/** A directory with `on`, where something is mounted by `mount`, for as long as `body` takes. */
function withMount(args: (directory: string) => string[], body: (directory: string) => void): void {
  const directory = mkdtempSync(path.join(process.env['TSCTR_TEST_DIR'] ?? '/tmp', 'm-'));
  for (const name of ['on', 'source', 'empty']) mkdirSync(path.join(directory, name));
  writeFileSync(path.join(directory, 'file'), '');
  writeFileSync(path.join(directory, 'source/file'), '');
  execFileSync('mount', [...args(directory), path.join(directory, 'on')]);
  try {
    body(directory);
  } finally {
    execFileSync('umount', ['--lazy', '--recursive', path.join(directory, 'on')]);
    rmSync(directory, { recursive: true });
  }
}

const tmpfs = () => ['-t', 'tmpfs', 'none'];

test('a tmpfs is a mount point, and what is beside, below and above it is none', () => {
  withMount(tmpfs, (directory) => {
    mkdirSync(path.join(directory, 'on/below'));
    assert.is(isMountPoint(path.join(directory, 'on')), true);
    for (const name of ['on/below', 'source', '', 'file', 'missing', 'missing/below', 'file/below']) {
      assert.is(isMountPoint(path.join(directory, name)), false, name);
    }
  });
});

test('so is a directory that is mounted from the same file system', () => {
  withMount(
    (directory) => ['--bind', path.join(directory, 'source')],
    (directory) => {
      assert.is(isMountPoint(path.join(directory, 'on')), true);
      assert.is(isMountPoint(path.join(directory, 'on/file')), false);
      assert.is(isMountPoint(path.join(directory, 'source')), false);
    },
  );
});

test('a link to a mount point is none', () => {
  withMount(tmpfs, (directory) => {
    symlinkSync('on', path.join(directory, 'link'));
    assert.is(isMountPoint(path.join(directory, 'link')), false);
  });
});

test('mounts are found deepest first, also below an empty one', () => {
  withMount(tmpfs, (directory) => {
    const on = path.join(directory, 'on');
    assert.equal(mountPointsBelow(on), [on], 'it is empty itself');
    mkdirSync(path.join(on, 'deeper'));
    execFileSync('mount', ['-t', 'tmpfs', 'none', path.join(on, 'deeper')]);
    assert.equal(mountPointsBelow(directory), [path.join(on, 'deeper'), on]);
    assert.equal(mountPointsBelow(path.join(directory, 'empty')), []);
    assert.equal(mountPointsBelow(path.join(directory, 'missing')), []);
  });
});

test.run();
